"""A column of the process table, and constructors for the common kinds."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, NamedTuple

from montauk_tui.engine import units
from montauk_tui.engine.columns import cells
from montauk_tui.engine.columns import extra_cells as extra
from montauk_tui.engine.columns import gauge_cells as gauges
from montauk_tui.engine.columns import inputs as made_from
from montauk_tui.engine.columns import rate_cells as rates
from montauk_tui.engine.columns.cells import Key, Meaning, Text
from montauk_tui.engine.columns.gauge_cells import Texts
from montauk_tui.engine.columns.inputs import Inputs
from montauk_tui.model.schema import Need


class Kind(Enum):
    """The type of a value in a query, and so how it is written there."""

    NUMBER = "a number"
    PERCENT = "a percentage"
    SIZE = "a size"
    DURATION = "a duration"
    CLOCK = "a time of day"
    EXIT = "an exit code or a signal"
    SIGNAL = "a signal"
    STATE = "a state"
    TEXT = "a text"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the process table."""

    id: str
    title: str
    description: str
    width: int
    """Cells; 0 takes the rest of the line."""
    key: Key
    text: Text
    level: Meaning = cells.plain
    left: bool = False
    """Whether it is aligned to the left."""
    descending: bool = False
    """Whether the largest comes first when it becomes the sort column."""
    need: Need = Need.NONE
    """What a sample must hold to sort by it."""
    holds_pid: bool = False
    """Whether it widens with the largest pid."""
    yields: int = 0
    """How early it is dropped on a narrow screen; 0 for never."""
    widest: int = 0
    """Cells that it takes on a wide screen; 0 for `width` everywhere."""
    cost: str = ""
    """What it costs in a few words, if anything."""
    privilege: str = ""
    """The privilege needed to read it for every process, in a few words."""
    show_need: Need = Need.NONE
    """What a sample must hold to show it, if it is not looked up row by row."""
    sums: bool = False
    """Whether it holds sums where a branch of the tree is folded."""
    is_rate: bool = False
    """Whether its values compare two samples."""
    kind: Kind | None = None
    """Its type in queries; None for the type that its id ends with."""
    texts: Texts | None = None
    """The texts of all rows at once, where `text` would read a file for each."""
    inputs: Inputs | None = None
    """What text and level are made from; None where they are looked up."""


def summed(column: Column) -> Column:
    """Return a column that holds sums where a branch of the tree is folded."""
    return replace(column, sums=True)


def id_column(field: str, title: str, description: str) -> Column:
    """Return a column of process ids."""
    return Column(
        field, title, description, 5, cells.number(field), cells.integer_text(field),
        holds_pid=True, inputs=made_from.field(field),
    )  # fmt: skip


def extra_column(
    name: str,
    title: str,
    description: str,
    width: int,
    write: Callable[[float], str],
    level: Meaning = cells.plain,
) -> Column:
    """Return a column whose values only some lists have, in `Frame.extra`."""
    left = write in (units.exit_status_text, extra.event_text)
    return Column(
        name, title, description, width, extra.extra_key(name),
        extra.extra_text(name, write), level, left, descending=True,
        inputs=made_from.extra_of(name),
    )  # fmt: skip


def time_column(field: str, title: str, description: str) -> Column:
    """Return a column of CPU time, of a counter in ticks."""
    return Column(
        field, title, description, 9, cells.number(field), cells.ticks_text(field),
        descending=True, inputs=made_from.field(field),
    )  # fmt: skip


def count_column(field: str, title: str, description: str, width: int) -> Column:
    """Return a column of a count."""
    return Column(
        field, title, description, width, cells.number(field),
        cells.integer_text(field), descending=True, inputs=made_from.field(field),
    )  # fmt: skip


def size_column(field: str, title: str, description: str, yields: int) -> Column:
    """Return a column of bytes of memory."""
    return Column(
        field, title, description, 5, cells.number(field), cells.size_text(field),
        cells.size_level(field), descending=True, yields=yields,
        inputs=made_from.field(field),
    )  # fmt: skip


class File(NamedTuple):
    """What it takes to read a gauge or a label."""

    cost: str = "0.03 ms a row"
    privilege: str = ""


TRACE: Final = "CAP_SYS_PTRACE for other users"

USUAL: Final = File()
MAP: Final = File("0.1 ms a row, and 15 ms a GiB of memory", TRACE)
CGROUP: Final = File("0.03 ms a row, less where kernel collects")


def gauge_column(
    name: str,
    title: str,
    description: str,
    file: File = USUAL,
    write: Callable[[float], str] = units.whole_text,
) -> Column:
    """Return a column of numbers that are looked up for each process."""
    return Column(
        name, title, description, max(5, len(title)), gauges.gauge_key(name),
        gauges.gauge_text(name, write), gauges.gauge_level(name), descending=True,
        need=Need.of(name), cost=file.cost, privilege=file.privilege,
    )  # fmt: skip


def label_column(
    name: str,
    title: str,
    description: str,
    width: int,
    file: File = USUAL,
    label: gauges.Label | None = None,
) -> Column:
    """Return a column of texts that are looked up for each process.

    They are the label of the column's name, or made of others.
    """
    label = label or gauges.label(name)
    return Column(
        name, title, description, width, label.key, label.text, cells.faint,
        left=True, need=label.need, cost=file.cost, privilege=file.privilege,
        texts=label.texts_of,
    )  # fmt: skip


COUNTER: Final = "0.01 ms a process, none with kernel"
MAIN_THREAD: Final = "(main thread; kernel: all)"


def byte_rate_column(
    column_id: str, title: str, description: str, *fields: str, yields: int = 0
) -> Column:
    """Return a column of the summed growth of counters of bytes per second."""
    return Column(
        column_id, title, description, max(9, len(title)), rates.rate_key(*fields),
        rates.rate_text(units.byte_rate_text, *fields), rates.bytes_level(*fields),
        descending=True, need=Need.IO, show_need=Need.IO, yields=yields,
        cost=COUNTER, privilege=TRACE, sums=True, is_rate=True, kind=Kind.SIZE,
        inputs=made_from.rate(*fields),
    )  # fmt: skip


def byte_total_column(
    column_id: str, title: str, description: str, field: str
) -> Column:
    """Return a column of bytes so far."""
    return Column(
        column_id, title, description, 6, cells.number(field), cells.size_text(field),
        cells.size_level(field), descending=True, need=Need.IO, show_need=Need.IO,
        cost=COUNTER, privilege=TRACE, sums=True, inputs=made_from.field(field),
    )  # fmt: skip


def rate_column(
    column_id: str, title: str, description: str, *fields: str, need: Need = Need.NONE
) -> Column:
    """Return a column of the summed growth of counters per second."""
    return Column(
        column_id, title, description, 6, rates.rate_key(*fields),
        rates.rate_text(units.rate_text, *fields), rates.rate_level(*fields),
        descending=True, need=need, show_need=need, cost=COUNTER if need else "",
        sums=True, is_rate=True, inputs=made_from.rate(*fields),
    )  # fmt: skip
