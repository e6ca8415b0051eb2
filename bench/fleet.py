"""What an export of recordings costs, and questions to it.

Run as `python -m bench.fleet [PROCESSES]`: makes the recording of an hour, in which a
tenth of the processes use a CPU in each second and one in 200 is replaced;
then prints the CPU time of its export by part, and of the questions of
docs/fleet.md.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import numpy as np

from montauk_tui.collectors.replay.lookups import RecordedLookups
from montauk_tui.export.fleet.exporting import export
from montauk_tui.model.exits import EXIT_FIELDS, ExitTable
from montauk_tui.model.frame import CollectorStatus
from montauk_tui.model.recording import Answers, Arguments, Moment
from montauk_tui.model.sample import (
    CPU_FIELDS,
    Counters,
    HostSample,
    Identity,
    Memory,
    ProcessTable,
    Sample,
)
from montauk_tui.model.schema import FIELDS, UNKNOWN
from montauk_tui.pipeline.chain import Reading
from montauk_tui.pipeline.frames import FramePipeline
from montauk_tui.recorder.folder import Folder
from montauk_tui.recorder.retention import Limits
from montauk_tui.recorder.writer import Writer

_HOUR: Final = 3_600
_BEGIN_S: Final = 1_795_000_000.0
_PLENTY: Final = Limits(age_s=1e9, size_bytes=1 << 40)
_AWAKE, _BUSY, _GROWING, _REPLACED = 0.1, 0.02, 0.01, 0.005
"""Shares of processes in a second."""
_MEMORY: Final = Memory(*(float(1 << 30),) * 9)


class _World:
    """A machine of so many processes."""

    def __init__(self, size: int) -> None:
        self._random = np.random.default_rng(17)
        self._values = {name: np.zeros(size, dtype=np.int64) for name in FIELDS}
        self._values["pid"] = np.arange(2, 2 + size)
        self._values["tgid"] = self._values["pid"]
        self._values["ppid"][:] = 1
        self._values["state"][:] = ord("S")
        self._values["start_ticks"] = np.arange(size)
        self._values["cgroup_id"] = np.arange(size) % 40 + 1
        self._values["rss_bytes"][:] = 8 << 20
        self._comm = np.array([b"prog%d" % (at % 60) for at in range(size)], "S16")
        self._ticks = np.zeros((2, len(CPU_FIELDS)))
        self._exits = 0
        self.answers = Answers(
            {
                Identity(pid, start): Arguments(
                    b"/usr/bin/prog\0-n\0%d" % pid, is_cut=False
                )
                for pid, start in zip(
                    self._values["pid"].tolist(), range(size), strict=True
                )
            },
            {0: "root"},
            {at: f"/system.slice/unit{at}.service" for at in range(41)},
        )

    def _live(self, at: int) -> None:
        values, random = self._values, self._random
        size = len(values["pid"])
        awake = random.random(size) < _AWAKE
        busy = random.random(size) < _BUSY
        values["utime"] = values["utime"] + awake * 10**6 + busy * 10**7
        values["stime"] = values["stime"] + awake * 10**5
        values["minflt"] = values["minflt"] + awake
        grown = random.random(size) < _GROWING
        values["rss_bytes"] = values["rss_bytes"] + grown * 4096
        new = random.random(size) < _REPLACED
        for name in ("utime", "stime", "minflt"):
            values[name] = np.where(new, 0, values[name])
        values["start_ticks"] = np.where(
            new, 10_000_000 + at * 100 - 50, values["start_ticks"]
        )
        fresh = {
            Identity(pid, 10_000_000 + at * 100 - 50): Arguments(
                b"/usr/bin/prog\0-n\0%d" % pid, is_cut=False
            )
            for pid in values["pid"][new].tolist()
        }
        self.answers = Answers(
            {**self.answers.arguments, **fresh},
            self.answers.users,
            self.answers.cgroups,
        )

    def _exited(self, at: int) -> ExitTable:
        count = len(self._comm) // 200
        columns = {name: np.zeros(count, dtype=np.int64) for name in EXIT_FIELDS}
        first = 100_000 + self._exits
        self._exits += count
        columns["pid"] = np.arange(first, first + count)
        columns["start_ticks"][:] = 10_000_000 + at * 100 - 50
        columns["end_ns"][:] = (100_000 + at) * 10**9 - 10**7
        columns["exit_signal"][:] = UNKNOWN
        columns["utime_ns"][:] = 2 * 10**6
        columns["cgroup_id"] = np.arange(count) % 40 + 1
        lines = [b"cc1\0-O2\0file%d.c" % (it % 5_000) for it in columns["pid"].tolist()]
        columns["cmdline_bytes"] = np.array([len(it) for it in lines])
        comm = np.array([b"cc1"] * count, dtype="S16")
        return ExitTable(comm, np.array(lines), columns)

    def sample(self, at: int) -> Sample:
        """Return the sample of a second."""
        self._live(at)
        self._ticks[:, 0] += 40
        self._ticks[:, 3] += 60
        host = HostSample(
            "bench", np.arange(2), self._ticks.copy(), _MEMORY, (1.0, 1.0, 1.0),
            100_000.0 + at, 2_000, 2, {}, read_s=50_000.0 + at,
        )  # fmt: skip
        return Sample(
            _BEGIN_S + at, 50_000.0 + at, 100_000.0 + at, _BEGIN_S - 100_000.0,
            10**9, 100, ProcessTable(self._comm, dict(self._values)), host,
            Counters(0, 0, self._exits), self._exited(at), 0, 0.001,
        )  # fmt: skip


def record(folder: Path, size: int, seconds: int = _HOUR) -> None:
    """Make the recording of a machine."""
    world, pipeline = _World(size), FramePipeline()
    status = CollectorStatus("kernel", "made")
    with closing(Writer(Folder.made(folder), _PLENTY)) as writer:
        for at in range(seconds):
            sample = world.sample(at)
            moment = Moment(sample, world.answers)
            frame = pipeline.frame(Reading(sample, status, RecordedLookups(moment), 0))
            writer.take(frame, 0)


def _sizes(folder: Path) -> Iterator[str]:
    for table in sorted(folder.iterdir()):
        size = sum(path.stat().st_size for path in table.rglob("*.parquet"))
        yield f"{table.name} {size / 1024:,.0f} KiB"


def main(size: str = "1000") -> None:
    """Print a line for the export."""
    with tempfile.TemporaryDirectory() as name:
        recording, out = Path(name) / "recording", Path(name) / "out"
        record(recording, int(size))
        began = time.process_time()
        with closing(Folder.opened(recording)) as folder:
            done = export(folder, out)
        cost_s = time.process_time() - began
        print(
            f"{int(size):,} processes, an hour, {done.now} segments: export "
            f"{cost_s:.2f} s of CPU; {', '.join(_sizes(out))}"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
