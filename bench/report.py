"""How fast a report of an hour is.

Run as `python -m bench.report [PROCESSES [EXITS]]`: an hour at 1 s of so many processes
(default 1,000), of which a tenth wakes every second, and of so many exits a second
(default 50), in the real format; CPU seconds of reading it, and of each report.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from bench.crowd import crowd
from montauk_tui.collectors import registry
from montauk_tui.engine.usage.report import TREE
from montauk_tui.export.report.reading import part_of, report_of
from montauk_tui.host.local import LocalHost
from montauk_tui.host.readings import readings
from montauk_tui.model.exits import EXIT_FIELDS, ExitTable
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import UNKNOWN, Need
from montauk_tui.recorder.folder import Folder
from montauk_tui.recorder.reader import DiskRecording
from montauk_tui.recorder.retention import Limits
from montauk_tui.recorder.writer import Writer

_SAMPLES: Final = 3_600
_LIMITS: Final = Limits(age_s=1e9, size_bytes=1 << 40)
_WAKING: Final = 10
_PROGRAMS: Final = (b"sh", b"cc1plus", b"as", b"sed")
_LIFE_NS: Final = 5_000_000


def main(processes: int = 1_000, exits: int = 50) -> None:
    """Print a line for reading, and one for each report."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "it"
        with (
            crowd(processes),
            closing(LocalHost(registry.open_collector("traditional"))) as host,
        ):
            frame = host.next_frame(Need.NONE)
        with closing(Writer(Folder.made(path), _LIMITS)) as writer:
            for later in _hour(frame, exits):
                writer.take(later, 0)
        count = len(frame.sample.processes)
        print(
            f"{_SAMPLES:,} samples of {count:,} processes, {exits} exits each, "
            f"{writer.bytes / (1 << 20):.0f} MiB"
        )
        with closing(Folder.opened(path)) as opened:
            recording = DiskRecording(opened)
        part = part_of(recording, None, None)
        _print("reading", lambda: sum(1 for _ in readings(recording, *part)))
        for by in (["program"], ["user"], ["cgroup"], [TREE]):
            _print(by[0], partial(report_of, recording, part, by))
        every = ["program", "cgroup", "user", TREE]
        _print("all four", lambda: report_of(recording, part, every))


def _hour(frame: Frame, exits: int) -> Iterator[Frame]:
    """Yield the frames of an hour, made of one."""
    sample, chance = frame.sample, np.random.default_rng(1)
    table, utime = sample.processes, sample.processes.utime.copy()
    ticks = sample.host.cpu_ticks
    for second in range(_SAMPLES):
        awake = chance.integers(0, len(utime), len(utime) // _WAKING)
        utime = utime.copy()
        utime[awake] += 1
        ticks = ticks + 25.0
        later = replace(
            sample,
            time_s=sample.time_s + second,
            monotonic_s=sample.monotonic_s + second,
            boot_s=sample.boot_s + second,
            processes=table.with_columns({"utime": utime}),
            host=replace(sample.host, cpu_ticks=ticks),
            exits=_exits(sample, second, exits),
        )
        yield replace(frame, sample=later, interval_s=1.0)


def _exits(sample: Sample, second: int, count: int) -> ExitTable:
    """Return exits of short-lived children of the last process."""
    number = np.arange(count)
    columns = {name: np.full(count, UNKNOWN) for name in EXIT_FIELDS} | {
        "pid": 1_000_000 + (second * count + number) % 3_000_000,
        "ppid": np.full(count, sample.processes.pid[-1]),
        "uid": np.full(count, 1000),
        "start_ticks": np.full(count, int((sample.boot_s + second - 0.5) * 100)),
        "end_ns": np.full(count, int((sample.boot_s + second) * 1e9)),
        "lifetime_ns": np.full(count, _LIFE_NS),
        "exit_code": number % 2,
        "utime_ns": np.full(count, _LIFE_NS // 2),
        "stime_ns": np.full(count, _LIFE_NS // 2),
        "peak_rss_bytes": np.full(count, 1 << 22),
        "cgroup_id": np.full(count, sample.processes.cgroup_id[-1]),
    }
    comm = np.array([_PROGRAMS[one % len(_PROGRAMS)] for one in number.tolist()])
    return ExitTable(comm, np.char.add(comm, b"\0-c\0x"), columns)


def _print(what: str, action: Callable[[], object]) -> None:
    started = time.process_time()
    action()
    spent_s = time.process_time() - started
    print(f"  {what:9} {spent_s:5.1f} s, {spent_s / _SAMPLES * 1e3:.2f} ms a sample")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
