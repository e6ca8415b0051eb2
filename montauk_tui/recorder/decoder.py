"""Moments from payloads; nothing in them is trusted."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from montauk_tui.model.recording import Answers, Arguments, Moment
from montauk_tui.model.sample import (
    CPU_FIELDS,
    Counters,
    HostSample,
    Identity,
    Sample,
)
from montauk_tui.model.schema import Floats, Ints, as_floats
from montauk_tui.model.text import clean_text
from montauk_tui.recorder.blocks import Reader, bounded
from montauk_tui.recorder.encoder import KNOWN_FACTS
from montauk_tui.recorder.heads import (
    MOST_CPUS,
    MOST_ROWS,
    Schema,
    facts_of,
    names_in,
    next_facts,
    read_head,
    take_events,
)
from montauk_tui.recorder.layout import BadFrame
from montauk_tui.recorder.plain import built
from montauk_tui.recorder.tables import (
    Matrix,
    take_arguments,
    take_difference,
)


class Decoder:
    """Makes a moment of each payload, in the order in which they were made.

    Raises:
        BadFrame: A payload is damaged, or does not follow the previous one.
    """

    def __init__(self, schema: Schema, run: int = 0, boot: str = "") -> None:
        """Take the columns of the segment's head, the number of its run, and its boot.

        Each run numbers its collectors from 0.
        """
        self._schema, self._first_opening = schema, run * MOST_ROWS
        self._boot = boot
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
        head = read_head(reader)
        self._facts = next_facts(self._facts, head)
        self._take_processes(reader, bounded(head.get("rows"), MOST_ROWS))
        self._take_ticks(reader, head)
        self._take_names(head)
        return reader, head

    def moment(self, payload: bytes, *, is_key: bool) -> Moment:
        """Return the moment of a payload."""
        reader, head = self._take(payload, is_key=is_key)
        table = self._matrix.table()
        host = built(
            HostSample, facts_of(self._facts, "host."), cpu_ids=self._cpu_ids,
            cpu_ticks=self._floats,
        )  # fmt: skip
        events = take_events(reader, head, self._schema)
        ending = head.get("ending")
        sample = built(
            Sample, self._facts, processes=table, host=host,
            counters=built(Counters, facts_of(self._facts, "counters.")),
            exits=events.exits, starts=events.starts,
            ending=None if ending is None
            else reader.take_ints(bounded(ending, MOST_ROWS)),
        )  # fmt: skip
        return Moment(
            sample, self._answers, clean_text(self._facts.get("source", "unknown")),
            self._first_opening + bounded(self._facts.get("opening", 0), MOST_ROWS),
            max(1, bounded(self._facts.get("samples", 1), MOST_ROWS)),
            boot=self._boot,
        )  # fmt: skip

    def unknown_facts(self) -> set[str]:
        """Return the facts of the last moment that this version has no place for."""
        return self._facts.keys() - KNOWN_FACTS

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
        count = bounded(head.get("cpus"), MOST_CPUS)
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

    def _take_names(self, head: Mapping[str, Any]) -> None:
        users, cgroups = (names_in(head.get(what)) for what in ("users", "cgroups"))
        known = self._answers
        if users or cgroups:
            self._answers = Answers(
                known.arguments, {**known.users, **users}, {**known.cgroups, **cgroups}
            )
