"""`montauk recordings export`: closed segments as Parquet files."""

import fcntl
import math
import os
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from montauk_tui.engine.history.takeover import Reported
from montauk_tui.engine.interval.rates import cpu_used, exit_cpu_used
from montauk_tui.errors import MontaukError
from montauk_tui.export.fleet.commands import as_texts
from montauk_tui.export.fleet.events import ExecRows, ExitRows
from montauk_tui.export.fleet.intervals import LedgerRows
from montauk_tui.export.fleet.parquet import SUFFIX, UNFINISHED, ParquetFiles
from montauk_tui.export.fleet.rows import NEEDED, Names, SampleRows, micros
from montauk_tui.export.fleet.schema import TABLES, VERSION
from montauk_tui.export.fleet.segments import Segment, found_in
from montauk_tui.export.fleet.used import sample_of, used_by
from montauk_tui.export.fleet.within import ALWAYS, Within
from montauk_tui.model.join import Join, same_process
from montauk_tui.model.sample import Counters, Sample
from montauk_tui.model.schema import UNKNOWN, Floats, Ints
from montauk_tui.model.text import clean_text, named
from montauk_tui.recorder.folder import Folder
from montauk_tui.recorder.layout import BadFrame, Kind
from montauk_tui.recorder.stream import Step, last_step, steps_of

_MOST_ROWS: Final = 1 << 20
"""Of a table in memory, about 300 MB; the rest goes to a further file."""
_ALL: Final = frozenset(TABLES)


class Exported(NamedTuple):
    """What an export has done."""

    now: int
    """Segments exported."""
    before: int
    """Those that were there already."""
    open: int
    """Those that are still being written."""
    complaints: tuple[str, ...]
    """A line for each that cannot be read."""


class _Wanted(NamedTuple):
    """What becomes rows."""

    within: Within
    tables: frozenset[str]


def export(
    folder: Folder,
    out: Path,
    *,
    everything: bool = False,
    within: Within = ALWAYS,
    tables: frozenset[str] = _ALL,
) -> Exported:
    """Export the closed segments of a folder that have not been yet.

    Files of a segment appear when they are complete, that of `hosts` last: a segment
    that has it is not exported again.

    Args:
        folder: The recording.
        out: Where the files go.
        everything: Export what there is of the segment that is being written, too.
        within: The part of the time of which to export samples.
        tables: Those to export; `hosts` always is.

    Raises:
        MontaukError: `out` cannot be written, or belongs to somebody else.
    """
    names, still = found_in(folder)
    left = frozenset[str]() if everything else still
    with locked(out), closing(ParquetFiles(out)) as files:
        _remove_leftovers(out)
        done = {path.stem for path in out.glob(f"hosts/host=*/date=*/*{SUFFIX}")}
        one, before = _Export(folder, files, _Wanted(within, tables)), 0
        for previous, name in zip((None, *names), names, strict=False):
            if Path(name).stem in done:
                before += 1
            elif name not in left:
                one.export(name, previous)
        return Exported(one.exported, before, len(left), tuple(one.complaints))


class _Export:
    """Exports one segment after the other; each continues the previous one."""

    def __init__(self, folder: Folder, files: ParquetFiles, wanted: _Wanted) -> None:
        self._folder, self._files, self._wanted = folder, files, wanted
        self._last: _Segment | None = None
        self.exported = 0
        self.complaints: list[str] = []

    def export(self, name: str, before: str | None) -> None:
        """Export a segment.

        Args:
            name: Its name.
            before: That of the previous one, for the first interval.
        """
        try:
            segment = Segment.opened(self._folder, name)
        except MontaukError as error:
            # Retention may have removed it meanwhile.
            self.complaints.append(error.line)
            return
        with closing(segment):
            one = _Segment(segment, self._files, self._wanted)
            if not one.wanted.any() and self._wanted.within != ALWAYS:
                return
            if before is not None and one.begin == 0:
                self._let_follow(one, before)
            one.write()
        self._last = one
        self.exported += 1

    def _let_follow(self, one: "_Segment", before: str) -> None:
        """Let the first interval of a segment begin at the end of the previous one."""
        last = self._last
        if last is not None and last.is_whole and last.segment.name == before:
            one.follow(last.segment, last.last)
            return
        try:
            previous = Segment.opened(self._folder, before)
        except MontaukError:
            return
        with closing(previous):
            if one.segment.follows(previous):
                one.follow(previous, last_step(previous.part, NEEDED))


class _Segment:
    """The rows of one segment."""

    def __init__(self, segment: Segment, files: ParquetFiles, wanted: _Wanted) -> None:
        self.segment, self._files, self._tables = segment, files, wanted.tables
        entries = segment.part.segment.entries
        self.wanted = wanted.within.of(entries)
        """Which moments become rows."""
        places: Ints = np.flatnonzero(self.wanted)
        self._first, self._end = (
            (int(places[0]), int(places[-1]) + 1) if places.size else (0, 0)
        )
        # The interval of the first one begins at the moment before.
        keys = np.flatnonzero(entries["kind"][: max(1, self._first)] == Kind.KEY)
        self.begin = int(keys[-1]) if keys.size else 0
        """The moment to start reading from: one in full."""
        self._sample: Sample | None = None
        self._counted: tuple[int, Counters] | None = None
        """The last counters, with the number of the collector that counted."""
        self._names, self._reported = Names(), Reported()
        self._samples, self._ledger = SampleRows(), LedgerRows()
        self._exits, self._execs = ExitRows(), ExecRows()
        self.last: Step | None = None
        """The last moment."""
        self._part = self._taken = self._damaged = 0

    @property
    def is_whole(self) -> bool:
        """Whether it was read to its end."""
        return self._end == len(self.wanted)

    def follow(self, previous: Segment, last: Step | None) -> None:
        """Begin where the previous segment ends, at its last moment."""
        if last is None or not self.segment.follows(previous):
            return
        self._sample = sample_of(last)
        if self.segment.part.run == previous.part.run:
            self._counted = last.clocks.opening, last.counters()

    def write(self) -> None:
        """Write all files, and remove those of an export that was killed."""
        self._files.remove(self.segment.part.host.hostname, self.segment.stem)
        rows = (self._samples, self._exits, self._execs)
        steps = steps_of(self.segment.part, NEEDED, self.begin)
        for number, step in enumerate(islice(steps, self._end - self.begin)):
            is_wanted = bool(self.wanted[self.begin + number])
            if not self._takes(step, is_wanted=is_wanted):
                self._damaged += is_wanted
                continue
            self._taken += is_wanted
            if max(it.count for it in rows) >= _MOST_ROWS:
                self._write_part()
        self._write_part()
        self._write_host()

    def _takes(self, step: Step | None, *, is_wanted: bool) -> bool:
        """Take a moment, if it is not damaged."""
        try:
            if step is not None:
                self._take(step, is_wanted=is_wanted)
        except BadFrame:
            return False
        return step is not None

    def _take(self, step: Step, *, is_wanted: bool) -> None:
        counters, opening = step.counters(), step.clocks.opening
        sample = self._reported.without_repeats(sample_of(step), opening)
        self._names.take(step)
        if is_wanted:
            self._add(step, sample, counters)
        elif "samples" in self._tables:
            self._samples.skip(step)
        self._sample, self.last = sample, step
        self._counted = opening, counters

    def _add(self, step: Step, sample: Sample, counters: Counters) -> None:
        """Add the rows of a moment."""
        before, tables = self._sample, self._tables
        cpu_s = np.full(len(sample.processes), np.nan)
        exit_cpu_s = np.full(0 if sample.exits is None else len(sample.exits), np.nan)
        interval_s = math.nan
        # A recorder that has just started knows no interval.
        if before is not None and not math.isnan(step.usage.interval_s):
            interval_s = sample.monotonic_s - before.monotonic_s
            if tables & {"samples", "ledger"}:
                cpu_s = self._cpu_used(step, before, sample)
            exit_cpu_s = exit_cpu_used(before, sample)
            if "ledger" in tables:
                used = used_by(step, sample, cpu_s, exit_cpu_s)
                self._ledger.take(step, used, counters, self._counters_before(step))
        if "samples" in tables:
            self._samples.take(step, cpu_s, interval_s, is_first=not self._taken)
        if "exits" in tables:
            self._exits.take(sample, exit_cpu_s)
        if "execs" in tables:
            self._execs.take(sample)

    def _cpu_used(self, step: Step, before: Sample, sample: Sample) -> Floats:
        """Return the CPU time of each process in the interval."""
        if step.is_key or self.last is None:
            return cpu_used(
                before, sample, same_process(before.processes, sample.processes)
            )
        return _of_changed(step, before, sample)

    def _counters_before(self, step: Step) -> Counters | None:
        """Return the counters at the start of an interval, if they are comparable."""
        counted = self._counted
        is_same = counted is not None and counted[0] == step.clocks.opening
        return counted[1] if counted is not None and is_same else None

    def _write_part(self) -> None:
        names = self._names
        for table, columns in (
            ("samples", self._samples.taken(names)),
            ("exits", self._exits.taken(names)),
            ("execs", self._execs.taken(names)),
            ("ledger", self._ledger.taken()),
        ):
            if columns:
                self._write(table, f"{self.segment.stem}-{self._part}", columns)
        self._part += 1

    def _write(
        self, table: str, stem: str, columns: dict[str, Any], dated: str = "time"
    ) -> None:
        host = self.segment.part.host
        both = {"machine_id": host.machine_id, "boot_id": host.boot_id}
        self._files.write(table, host.hostname, stem, columns | both, dated)

    def _write_host(self) -> None:
        part, last = self.segment.part, self.last
        wall_s = (
            part.segment.entries["wall_ns"][[self._first, self._end - 1]] / 1e9
            if self._taken
            else (np.zeros(2))
        )
        begin, end = micros(wall_s)
        self._write(
            "hosts",
            self.segment.stem,
            {
                "time": np.array([begin]),
                "end_time": np.array([end]),
                "segment": as_texts([clean_text(self.segment.stem)]),
                "schema_version": np.array([VERSION]),
                "kernel": as_texts([part.host.kernel]),
                "architecture": as_texts([part.host.architecture]),
                "collector": as_texts(["" if last is None else last.clocks.source]),
                "samples": np.array([self._taken]),
                "damaged": np.array([self._damaged]),
                **_sizes(last),
            },
            "end_time",
        )


def _of_changed(step: Step, before: Sample, sample: Sample) -> Floats:
    """Return the CPU time of the processes that changed; others have used none."""
    cpu_s = np.zeros(len(sample.processes))
    rows = np.flatnonzero(step.changed)
    join = Join(step.row[rows], ~step.new[rows])
    cpu_s[rows] = cpu_used(before, sample, join, rows)
    return cpu_s


def _sizes(step: Step | None) -> dict[str, Any]:
    """Return the size of a machine, unknown without a moment."""
    if step is None:
        return {}
    memory = step.memory().total
    return {
        "cpus": np.array([step.cpus]),
        "memory_bytes": np.array([UNKNOWN if math.isnan(memory) else int(memory)]),
        "user_hz": np.array([step.clocks.user_hz]),
    }


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Make a folder of ours if it is missing, and be the only one to export there.

    Whoever may read the folder may read the files: arguments may hold secrets.
    """
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(out, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise MontaukError(f"{named(out)}: {error.strerror}") from error
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid() or status.st_mode & _OTHERS_WRITE:
            raise MontaukError(
                f"{named(out)} belongs to somebody else, or others may write there",
                "name a folder that only you may write to",
            )
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise MontaukError(
                f"another montauk exports to {named(out)}", "wait until it is done"
            ) from error
        except OSError:
            pass  # A file system without locks.
        mask = os.umask(~stat.S_IMODE(status.st_mode) & 0o777)
        try:
            yield
        finally:
            os.umask(mask)
    finally:
        os.close(descriptor)


_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


def _remove_leftovers(out: Path) -> None:
    """Remove what an export that was killed had begun."""
    for path in out.glob(f"*/host=*/date=*/.*{UNFINISHED}"):
        with suppress(OSError):
            path.unlink()
