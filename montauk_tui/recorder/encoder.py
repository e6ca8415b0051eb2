"""Payloads of moments: in full, or as the difference from the moment before."""

import json
from collections.abc import Iterable
from dataclasses import replace
from operator import attrgetter
from typing import Any, Final, Protocol

import numpy as np

from montauk_tui.model.deaths import Task
from montauk_tui.model.exits import EXIT_FIELDS, Deaths
from montauk_tui.model.recording import numbers_of_cgroups, numbers_of_users
from montauk_tui.model.sample import (
    Counters,
    HostSample,
    Identity,
    ProcessTable,
    Sample,
)
from montauk_tui.model.schema import FIELDS, Bools, Field, Ints
from montauk_tui.model.starts import START_FIELDS
from montauk_tui.recorder.blocks import Blocks, as_ints
from montauk_tui.recorder.plain import plain
from montauk_tui.recorder.tables import (
    Matrix,
    add_difference,
    add_records,
    new_rows,
)

TABLES: Final[dict[str, dict[str, Field]]] = {
    "processes": FIELDS, "exits": EXIT_FIELDS, "starts": START_FIELDS,
}  # fmt: skip
"""Tables of a moment, with their columns."""

NOT_FACTS: Final = ("processes", "host", "counters", "exits", "starts", "ending")
"""Fields of a sample that have a place of their own."""

HOST_ARRAYS: Final = ("cpu_ids", "cpu_ticks")

_SAMPLE_FACTS: Final = [name for name in Sample.__slots__ if name not in NOT_FACTS]
_HOST_FACTS: Final = [name for name in HostSample.__slots__ if name not in HOST_ARRAYS]
_OF_SAMPLE: Final = attrgetter(*_SAMPLE_FACTS)
_OF_HOST: Final = attrgetter(*_HOST_FACTS)
_OF_COUNTERS: Final = attrgetter(*Counters.__slots__)
_FACTS: Final = (
    *_SAMPLE_FACTS,
    *(f"host.{name}" for name in _HOST_FACTS),
    *(f"counters.{name}" for name in Counters.__slots__),
)
KNOWN_FACTS: Final = frozenset({"source", "opening", "samples", *_FACTS})
"""What a payload has beside tables and arrays."""


_JSON: Final = json.JSONEncoder(separators=(",", ":"))


class Texts(Protocol):
    """The look-ups of which a payload has the answers."""

    def cmdline(self, identity: Identity) -> bytes | None:
        """Return the arguments of a process."""
        ...

    def cut_rows(self, table: ProcessTable) -> Bools:
        """Tell which rows have longer arguments than are kept."""
        ...

    def user(self, uid: int) -> str:
        """Return the name of a user."""
        ...

    def cgroup(self, number: int) -> str:
        """Return the path of a cgroup."""
        ...


def schema() -> dict[str, Any]:
    """Return names and units of all columns, for the head of a segment."""
    return {
        table: {name: one.unit for name, one in columns.items()}
        for table, columns in TABLES.items()
    }


class Encoder:
    """Makes a payload of each sample; `start_anew` makes the next one independent."""

    def __init__(self, *, arguments: bool = True, of_events: bool = True) -> None:
        """Start with an independent one.

        Args:
            arguments: Whether to record those of live processes.
            of_events: Whether to record those of exits, execs and senders of signals.
        """
        self._wants_arguments, self._wants_of_events = arguments, of_events
        self._read: dict[tuple[int, int], tuple[int, bytes]] = {}
        """Arguments of the last moment in full, with the CPU time used until then."""
        self.start_anew()

    def start_anew(self) -> None:
        """Let the next payload be readable without those before it."""
        self.is_key = True
        self._table = ProcessTable.empty()
        self._matrix = Matrix.empty(tuple(FIELDS))
        self._facts: dict[str, Any] = {}
        self._raw: dict[str, Any] = {}
        """The same as the sample has them."""
        self._ticks: Ints | None = None
        self._cpu_ids: Ints = np.empty(0, dtype=np.int64)
        self._users: set[int] = set()
        self._cgroups: set[int] = set()

    def payload(
        self,
        sample: Sample,
        lookups: Texts,
        source: str,
        opening: int,
        samples: int = 1,
    ) -> bytes:
        """Return the payload of a sample.

        Args:
            sample: The sample.
            lookups: Those of the collector; arguments of new processes, and users and
                cgroups that were not named since `start_anew`, are looked up.
            source: The name of the collector.
            opening: Its number among those opened one after the other.
            samples: How many samples it stands for.
        """
        facts = _facts(sample) | {"source": source, "opening": opening}
        if samples != 1:
            facts["samples"] = samples
        dropped = sorted(self._raw.keys() - facts.keys())
        users = _unnamed(numbers_of_users(sample), self._users)
        cgroups = _unnamed(numbers_of_cgroups(sample), self._cgroups)
        ticks = as_ints(sample.host.cpu_ticks)
        exits, starts = sample.exits, sample.starts
        head = {
            "set": self._changed_facts(facts),
            "dropped": dropped,
            "rows": len(sample.processes),
            "cpus": len(sample.host.cpu_ids),
            "whole_ticks": ticks is not None,
            "exits": None if exits is None else len(exits),
            "starts": None if starts is None else len(starts),
            "ending": None if sample.ending is None else len(sample.ending),
            "deaths": [] if exits is None else self._deaths(exits.deaths),
            "users": {number: lookups.user(number) for number in users},
            "cgroups": {number: lookups.cgroup(number) for number in cgroups},
        }
        blocks = Blocks()
        blocks.add(_JSON.encode(head).encode())
        self._add_processes(blocks, sample, lookups)
        self._add_ticks(blocks, sample, ticks)
        for events, names in ((exits, EXIT_FIELDS), (starts, START_FIELDS)):
            if events is not None:
                wanted = self._wants_of_events
                add_records(blocks, events, tuple(names), arguments=wanted)
        if sample.ending is not None:
            blocks.add_ints(sample.ending)
        self.is_key = False
        return blocks.bytes()

    def _changed_facts(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Return those that are not as they were, in their plain form."""
        raw, before = self._raw, self._facts
        self._raw = facts
        # Most are equal already, or the same object.
        seen = {
            name: plain(value)
            for name, value in facts.items()
            if (was := raw.get(name, self)) is not value and was != value
        }
        changed = {k: v for k, v in seen.items() if before.get(k, self) != v}
        self._facts = {k: v for k, v in (before | changed).items() if k in facts}
        return changed

    def _deaths(self, deaths: Deaths) -> list[Any]:
        found = []
        for whose, death in deaths.items():
            one, request = death, death.request
            if not self._wants_of_events:
                if request is not None:
                    request = request._replace(sender=_unargued(request.sender))
                one = replace(death, sender=_unargued(death.sender), request=request)
            found.append([*whose, plain(one)])
        return found

    def _add_processes(self, blocks: Blocks, sample: Sample, lookups: Texts) -> None:
        table = sample.processes
        matrix = Matrix.of(table, self._matrix.names)
        new = new_rows(self._table, table)
        changed = add_difference(blocks, self._matrix, matrix, new)
        rows = np.flatnonzero(changed & table.is_process)
        if not self._wants_arguments:
            rows = rows[:0]
        texts = (
            self._texts_of_all(sample, rows, lookups)
            if self.is_key and len(rows)
            else [lookups.cmdline(table.identity(row)) for row in rows.tolist()]
        )
        known = np.fromiter((text is not None for text in texts), np.bool_, len(rows))
        rows = rows[known]
        blocks.add_rows(rows)
        cut = lookups.cut_rows(table.only(rows)) if len(rows) else known
        blocks.add_ints(cut.astype(np.int64))
        blocks.add_texts([text for text in texts if text is not None])
        self._table, self._matrix = table, matrix

    def _texts_of_all(
        self, sample: Sample, rows: Ints, lookups: Texts
    ) -> list[bytes | None]:
        """Return the arguments of these rows, as before of those that have not run.

        They cannot have written others. CPU times in ticks do not tell who has run.
        """
        table, before = sample.processes, self._read
        if sample.ticks_per_second <= sample.user_hz:
            before = {}
        self._read = {}
        texts: list[bytes | None] = []
        some = table.only(rows)
        used = (some.utime + some.stime).tolist()
        for pair, cpu in zip(some.pairs(), used, strict=True):
            used_before, text = before.get(pair, (None, None))
            if used_before != cpu:
                text = lookups.cmdline(Identity(*pair))
            if text is not None:
                self._read[pair] = cpu, text
            texts.append(text)
        return texts

    def _add_ticks(self, blocks: Blocks, sample: Sample, ticks: Ints | None) -> None:
        ids = sample.host.cpu_ids
        blocks.add_ints(ids)
        if ticks is None:
            blocks.add(sample.host.cpu_ticks.astype("<f8").tobytes())
        else:
            base = self._ticks if np.array_equal(ids, self._cpu_ids) else None
            blocks.add_matrix((ticks if base is None else ticks - base).T)
        self._ticks, self._cpu_ids = ticks, ids


def _unargued(sender: Task) -> Task:
    return sender._replace(cmdline=None)


def _facts(sample: Sample) -> dict[str, Any]:
    """Return everything of a sample that is neither a table nor an array."""
    values = [
        *_OF_SAMPLE(sample), *_OF_HOST(sample.host), *_OF_COUNTERS(sample.counters)
    ]  # fmt: skip
    return dict(zip(_FACTS, values, strict=True))


def _unnamed(numbers: Iterable[int], named: set[int]) -> list[int]:
    """Return the numbers that have not been named, which are named from now on."""
    found = sorted(set(numbers) - named)
    named.update(found)
    return found
