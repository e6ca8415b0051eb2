"""Moments from payloads; nothing in them is trusted."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from montauk_tui.model.deaths import Death
from montauk_tui.model.exits import Deaths, ExitTable
from montauk_tui.model.recording import Answers, Arguments, Moment
from montauk_tui.model.sample import (
    CPU_FIELDS,
    Counters,
    HostSample,
    Identity,
    Sample,
)
from montauk_tui.model.schema import UNKNOWN, Floats, Ints, as_floats
from montauk_tui.model.starts import StartTable
from montauk_tui.model.text import clean_text
from montauk_tui.recorder.blocks import Reader, bounded
from montauk_tui.recorder.encoder import KNOWN_FACTS
from montauk_tui.recorder.layout import BadFrame
from montauk_tui.recorder.plain import built, read_json
from montauk_tui.recorder.tables import (
    Matrix,
    take_arguments,
    take_difference,
    take_records,
)

_MOST_ROWS: Final = 1 << 22
"""PIDs of a machine (PID_MAX_LIMIT in include/linux/threads.h)."""
_MOST_CPUS: Final = 1 << 13
"""NR_CPUS of the largest configuration."""
_PAIR: Final = 3
"""Length of an entry: pid, start, death."""

Schema = Mapping[str, Sequence[str]]
"""The columns of each table, in the order of the segment."""


class Decoder:
    """Makes a moment of each payload, in the order in which they were made.

    Raises:
        BadFrame: A payload is damaged, or does not follow the previous one.
    """

    def __init__(self, schema: Schema, run: int = 0) -> None:
        """Take the columns of the segment's head, and the number of its run.

        Each run numbers its collectors from 0.
        """
        self._schema, self._first_opening = schema, run * _MOST_ROWS
        self._start_anew()

    def _start_anew(self) -> None:
        self._matrix = Matrix.empty(self._schema["processes"])
        self._facts: dict[str, Any] = {}
        self._ticks: Ints | None = None
        self._cpu_ids: Ints = np.empty(0, dtype=np.int64)
        self._floats: Floats = np.empty(0)
        self._answers = Answers()

    def skip(self, payload: bytes, *, is_key: bool) -> None:
        """Take what later payloads build on: half the time of `moment`."""
        self._take(payload, is_key=is_key)

    def _take(self, payload: bytes, *, is_key: bool) -> tuple[Reader, dict[str, Any]]:
        if is_key:
            self._start_anew()
        reader = Reader(payload)
        head = mapping(read_json(reader.take()))
        self._take_facts(head)
        self._take_processes(reader, bounded(head.get("rows"), _MOST_ROWS))
        self._take_ticks(reader, head)
        self._take_names(head)
        return reader, head

    def moment(self, payload: bytes, *, is_key: bool) -> Moment:
        """Return the moment of a payload."""
        reader, head = self._take(payload, is_key=is_key)
        table = self._matrix.table()
        host = built(
            HostSample, self._part("host."), cpu_ids=self._cpu_ids,
            cpu_ticks=self._floats,
        )  # fmt: skip
        exits = self._take_exits(reader, head)
        starts = self._take_starts(reader, head)
        ending = head.get("ending")
        sample = built(
            Sample, self._facts, processes=table, host=host,
            counters=built(Counters, self._part("counters.")),
            exits=exits, starts=starts,
            ending=None if ending is None
            else reader.take_ints(bounded(ending, _MOST_ROWS)),
        )  # fmt: skip
        return Moment(
            sample, self._answers, clean_text(self._facts.get("source", "unknown")),
            self._first_opening + bounded(self._facts.get("opening", 0), _MOST_ROWS),
            max(1, bounded(self._facts.get("samples", 1), _MOST_ROWS)),
        )  # fmt: skip

    def unknown_facts(self) -> set[str]:
        """Return the facts of the last moment that this version has no place for."""
        return self._facts.keys() - KNOWN_FACTS

    def _take_facts(self, head: Mapping[str, Any]) -> None:
        dropped = head.get("dropped", ())
        facts = {**self._facts, **mapping(head.get("set"))}
        for name in dropped if isinstance(dropped, list) else ():
            facts.pop(str(name), None)
        self._facts = facts

    def _part(self, prefix: str) -> dict[str, Any]:
        return {
            name.removeprefix(prefix): value
            for name, value in self._facts.items()
            if name.startswith(prefix)
        }

    def _take_processes(self, reader: Reader, count: int) -> None:
        before, step = self._matrix, take_difference(reader, self._matrix, count)
        self._matrix = step.matrix
        self._take_arguments(reader, before.pairs(step.gone))

    def _take_arguments(self, reader: Reader, gone: Sequence[tuple[int, int]]) -> None:
        rows, texts, cut = take_arguments(reader, len(self._matrix.comm))
        if len(rows) or gone:
            known = dict(self._answers.arguments)
            for who in gone:
                known.pop(Identity._make(who), None)
            whose = map(Identity._make, self._matrix.pairs(rows))
            known.update(zip(whose, map(Arguments, texts, cut), strict=True))
            self._answers = Answers(known, self._answers.users, self._answers.cgroups)

    def _take_ticks(self, reader: Reader, head: Mapping[str, Any]) -> None:
        count = bounded(head.get("cpus"), _MOST_CPUS)
        ids, shape = reader.take_ints(count), (count, len(CPU_FIELDS))
        if not count or (np.diff(ids) <= 0).any():
            raise BadFrame("a frame has damaged CPUs")
        ticks = None
        if head.get("whole_ticks"):
            ticks = reader.take_matrix(len(CPU_FIELDS), count).T
            if self._ticks is not None and np.array_equal(ids, self._cpu_ids):
                ticks = ticks + self._ticks
            floats = as_floats(ticks)
        else:
            data = reader.take()
            if len(data) != 8 * count * len(CPU_FIELDS):
                raise BadFrame("a frame has damaged CPU times")
            floats = np.frombuffer(data, "<f8").reshape(shape)
        self._ticks, self._cpu_ids, self._floats = ticks, ids, floats

    def _take_exits(self, reader: Reader, head: Mapping[str, Any]) -> ExitTable | None:
        if head.get("exits") is None:
            return None
        count = bounded(head["exits"], _MOST_ROWS)
        table = take_records(reader, ExitTable, self._schema["exits"], count)
        return table.with_deaths(deaths_in(head.get("deaths")))

    def _take_starts(
        self, reader: Reader, head: Mapping[str, Any]
    ) -> StartTable | None:
        if head.get("starts") is None:
            return None
        count = bounded(head["starts"], _MOST_ROWS)
        starts = take_records(reader, StartTable, self._schema["starts"], count)
        return starts.of_known_kinds()

    def _take_names(self, head: Mapping[str, Any]) -> None:
        users, cgroups = (names_in(head.get(what)) for what in ("users", "cgroups"))
        known = self._answers
        if users or cgroups:
            self._answers = Answers(
                known.arguments, {**known.users, **users}, {**known.cgroups, **cgroups}
            )


def mapping(value: Any) -> dict[str, Any]:
    """Return an object of JSON."""
    if not isinstance(value, dict):
        raise BadFrame("a frame has no facts where they belong")
    return value


def names_in(value: Any) -> dict[int, str]:
    """Return the names that a frame gives numbers."""
    try:
        return {int(number): clean_text(name) for number, name in (value or {}).items()}
    except (AttributeError, ValueError) as error:
        raise BadFrame("a frame has damaged names") from error


def deaths_in(entries: Any) -> Deaths:
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
