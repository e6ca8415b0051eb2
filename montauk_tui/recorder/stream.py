"""The moments of a segment as differences, for those who read all of them in order.

A `Decoder` answers for one moment whatever may be asked of it. This leaves out what
tables of many moments do not need, and takes a third of the time.
"""

import math
from collections.abc import Container, Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from montauk_tui.model.exits import ExitTable
from montauk_tui.model.recording import Arguments
from montauk_tui.model.sample import Counters, Memory
from montauk_tui.model.schema import Bools, Ints
from montauk_tui.model.starts import StartTable
from montauk_tui.model.text import clean_text
from montauk_tui.recorder.blocks import Reader, bounded
from montauk_tui.recorder.heads import (
    MOST_CPUS,
    MOST_ROWS,
    Schema,
    names_in,
    next_facts,
    read_head,
    take_events,
)
from montauk_tui.recorder.layout import BadFrame, Kind, Usage
from montauk_tui.recorder.plain import built
from montauk_tui.recorder.reader import Part
from montauk_tui.recorder.tables import (
    Matrix,
    take_arguments,
    take_difference,
)


class Clocks(NamedTuple):
    """The clocks of a sample, as in `Sample`."""

    time_s: float
    monotonic_s: float
    boot_s: float
    booted_at_s: float
    ticks_per_second: int
    user_hz: int
    source: str
    opening: int


class Step(NamedTuple):
    """A moment, and how its processes differ from those of the previous one."""

    is_key: bool
    """Whether it is in full: all rows are new, and users and cgroups named again."""
    clocks: Clocks
    processes: Matrix
    row: Ints
    """The row of each process in the previous moment; any for a new one."""
    new: Bools
    changed: Bools
    """Which rows are new, or differ in a wanted column."""
    argued: Ints
    """Rows that have other arguments."""
    arguments: list[Arguments]
    """Theirs."""
    users: Mapping[int, str]
    """Names of users that were not named since the last moment in full."""
    cgroups: Mapping[int, str]
    exits: ExitTable | None
    starts: StartTable | None
    facts: Mapping[str, Any]
    """Facts of host and counters, unchecked, by `host.` and `counters.`."""
    cpus: int
    usage: Usage
    """By the header: of the interval before, as the recorder saw it."""

    def counters(self) -> Counters:
        """Return the counters.

        Raises:
            BadFrame: They are damaged.
        """
        facts = self.facts
        known = {name: facts[key] for name, key in _COUNTERS if key in facts}
        return built(Counters, known)

    def memory(self) -> Memory:
        """Return the memory of the host.

        Raises:
            BadFrame: It is damaged.
        """
        return built(Memory, self.facts.get("host.memory"))


_COUNTERS: Final = [(name, f"counters.{name}") for name in Counters.__slots__]
"""Names of counters, and of the facts that have them."""


def steps_of(
    part: Part, names: Container[str], first: int = 0
) -> Iterator[Step | None]:
    """Yield the moments of a segment; None for one that is damaged.

    A damaged moment spoils those up to the next in full.

    Args:
        part: The segment.
        names: The columns of processes that are wanted; others are left out, and do
            not count as a change.
        first: The number of the first one, which must be in full.
    """
    reader: _Steps | None = None
    crc = 0
    entries, key = part.segment.entries[first:], int(Kind.KEY)
    columns = (entries[name].tolist() for name in ("kind", "offset", "usage"))
    for kind, offset, header in zip(*columns, strict=True):
        is_key = kind == key
        if is_key:
            reader = _Steps(part.schema, names)
        step = None
        try:
            if reader is not None:
                frame = part.segment.frame(offset)
                if is_key or frame.base == crc:
                    step = reader.step(frame.payload, Usage(*header), is_key=is_key)
                    crc = frame.crc
        except BadFrame:
            pass
        reader = None if step is None else reader
        yield step


def last_step(part: Part, names: Container[str]) -> Step | None:
    """Return the last moment of a segment, None if it is damaged."""
    kinds = part.segment.entries["kind"]
    keys: Ints = np.flatnonzero(kinds == Kind.KEY)
    last = None
    for step in steps_of(part, names, int(keys[-1]) if len(keys) else 0):
        last = step
    return last


class _Steps:
    """Makes a step of each payload, in order."""

    def __init__(self, schema: Schema, names: Container[str]) -> None:
        self._schema, self._stored = schema, tuple(schema["processes"])
        self._matrix = Matrix.empty([it for it in schema["processes"] if it in names])
        self._facts: dict[str, Any] = {}

    def step(self, payload: bytes, usage: Usage, *, is_key: bool) -> Step:
        reader = Reader(payload)
        head = read_head(reader)
        self._facts = next_facts(self._facts, head)
        count = bounded(head.get("rows"), MOST_ROWS)
        stored = self._stored
        made = take_difference(reader, self._matrix, count, stored)
        self._matrix = made.matrix
        argued, texts, cut = take_arguments(reader, count)
        cpus = bounded(head.get("cpus"), MOST_CPUS)
        # CPU times are in the header, summed up.
        reader.take()
        reader.take()
        events = take_events(reader, head, self._schema)
        return Step(
            is_key, self._clocks(), made.matrix, made.row, made.new, made.changed,
            argued, [*map(Arguments, texts, cut)], names_in(head.get("users")),
            names_in(head.get("cgroups")), *events, self._facts, cpus, usage,
        )  # fmt: skip

    def _clocks(self) -> Clocks:
        facts = self._facts
        clocks = Clocks(
            _number(facts, "time_s"), _number(facts, "monotonic_s"),
            _number(facts, "boot_s"), _number(facts, "booted_at_s"),
            bounded(facts.get("ticks_per_second"), _MOST_HERTZ),
            bounded(facts.get("user_hz"), _MOST_HERTZ),
            clean_text(facts.get("source", "unknown")),
            bounded(facts.get("opening", 0), MOST_ROWS),
        )  # fmt: skip
        if not clocks.ticks_per_second or not clocks.user_hz:
            raise BadFrame("a frame has damaged clocks")
        return clocks


_MOST_HERTZ: Final = 10**9


def _number(facts: Mapping[str, Any], name: str) -> float:
    value = facts.get(name)
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise BadFrame(f"a frame has no {name}")
    return float(value)
