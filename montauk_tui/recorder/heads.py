"""What the head of a frame says beside its tables; nothing in it is trusted."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from montauk_tui.model.deaths import Death
from montauk_tui.model.exits import Deaths, ExitTable
from montauk_tui.model.schema import UNKNOWN
from montauk_tui.model.starts import StartTable
from montauk_tui.model.text import clean_text
from montauk_tui.recorder.blocks import Reader, bounded
from montauk_tui.recorder.layout import BadFrame
from montauk_tui.recorder.plain import built, read_json
from montauk_tui.recorder.tables import take_records

MOST_ROWS: Final = 1 << 22
"""PIDs of a machine (PID_MAX_LIMIT in include/linux/threads.h)."""
MOST_CPUS: Final = 1 << 13
"""NR_CPUS of the largest configuration."""
_PAIR: Final = 3
"""Length of an entry: pid, start, death."""

Schema = Mapping[str, Sequence[str]]
"""The columns of each table, in the order of the segment."""


class Happened(NamedTuple):
    """The tables of events of an interval; None for those that were not seen."""

    exits: ExitTable | None
    starts: StartTable | None


def read_head(reader: Reader) -> dict[str, Any]:
    """Return the head of a frame.

    Raises:
        BadFrame: It is no object of JSON.
    """
    return _mapping(read_json(reader.take()))


def next_facts(facts: Mapping[str, Any], head: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a frame: those of the previous one, with what changed.

    Raises:
        BadFrame: The head is damaged.
    """
    dropped = head.get("dropped", ())
    found = {**facts, **_mapping(head.get("set"))}
    for name in dropped if isinstance(dropped, list) else ():
        found.pop(str(name), None)
    return found


def facts_of(facts: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the facts with a prefix, without it."""
    return {
        name.removeprefix(prefix): value
        for name, value in facts.items()
        if name.startswith(prefix)
    }


def take_events(reader: Reader, head: Mapping[str, Any], schema: Schema) -> Happened:
    """Return the exits, forks and execs of a frame.

    Raises:
        BadFrame: The bytes are damaged.
    """
    exits = starts = None
    if head.get("exits") is not None:
        count = bounded(head["exits"], MOST_ROWS)
        exits = take_records(reader, ExitTable, schema["exits"], count)
        exits = exits.with_deaths(_deaths_in(head.get("deaths")))
    if head.get("starts") is not None:
        count = bounded(head["starts"], MOST_ROWS)
        starts = take_records(reader, StartTable, schema["starts"], count)
        starts = starts.of_known_kinds()
    return Happened(exits, starts)


def names_in(value: Any) -> dict[int, str]:
    """Return the names that a frame gives numbers.

    Raises:
        BadFrame: They are damaged.
    """
    try:
        return {int(number): clean_text(name) for number, name in (value or {}).items()}
    except (AttributeError, ValueError) as error:
        raise BadFrame("a frame has damaged names") from error


def _mapping(value: Any) -> dict[str, Any]:
    """Return an object of JSON."""
    if not isinstance(value, dict):
        raise BadFrame("a frame has no facts where they belong")
    return value


def _deaths_in(entries: Any) -> Deaths:
    """Return the signals that ended processes."""
    if not isinstance(entries, list):
        raise BadFrame("a frame has damaged deaths")
    found = {}
    for entry in entries:
        if not isinstance(entry, list) or len(entry) != _PAIR:
            raise BadFrame("a frame has a damaged death")
        pid, start_ticks = (bounded(number, -UNKNOWN) for number in entry[:2])
        found[pid, start_ticks] = built(Death, entry[2])
    return found
