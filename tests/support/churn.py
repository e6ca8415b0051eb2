"""What comes and goes on the build machine of `scenes` in every second."""

import dataclasses
from typing import Any, Final

from montauk_tui.model.sample import Counters, Sample
from tests.support.builders import USER_HZ, Row
from tests.support.exits import make_exits
from tests.support.replay import ReplayCollector
from tests.support.scenes import UPTIME_S, build_scene, scene_lookups
from tests.support.starts import exec_, fork, make_starts

SHELL: Final = 2162
"""A living bash, which runs awk in a loop."""
MAKE: Final = 3990
"""Its children are shells that end, too; these run what compiles."""
LOOPS: Final = 24
STEPS: Final = 9
_FIRST_AWK: Final = 20_001
_FIRST_SH: Final = 21_001
_MS: Final = 1_000_000


def churning_samples(cpus: int = 8) -> list[Sample]:
    """Return two samples of the scene, between which processes came and went."""
    before, now = build_scene(cpus)
    ends, starts = _ends(), _starts()
    before = dataclasses.replace(
        before,
        exits=make_exits([]),
        starts=make_starts([]),
        counters=Counters(1_000, 900, 990, read_failures=0),
    )
    now = dataclasses.replace(
        now,
        exits=make_exits(ends),
        starts=make_starts(starts),
        counters=Counters(
            1_000 + len(ends), 900 + len(ends), 990 + len(ends), read_failures=0
        ),
    )
    return [before, now]


def churning_collector(cpus: int = 8, **changes: Any) -> ReplayCollector:
    """Return a collector in which that goes on for ever; `changes` to its samples."""
    samples = churning_samples(cpus)
    samples = [dataclasses.replace(one, **changes) for one in samples]
    return ReplayCollector(samples, scene_lookups(samples))


def _ends() -> list[Row]:
    rows = [
        _end(_FIRST_AWK + at, SHELL, b"awk", b"awk\0{ n++ } END { print n }\0data.csv",
             at * 30, 3.0 + at / 10, exit_code=int(at % 8 == 7))
        for at in range(LOOPS)
    ]  # fmt: skip
    for at in range(STEPS):
        shell, program = _FIRST_SH + 2 * at, _FIRST_SH + 2 * at + 1
        rows.append(_end(program, shell, b"tsc", b"tsc\0--noEmit\0app/%d.ts" % at,
                         100 + at * 90, 21.0))  # fmt: skip
        rows.append(_end(shell, MAKE, b"sh", b"/bin/sh\0-c\0tsc --noEmit",
                         101 + at * 90, 2.0))  # fmt: skip
    rows.append(_end(22_001, 4302, b"crash", b"./crash\0--now", 640, 12.0,
                     exit_code=None, exit_signal=11, core_dumped=1))  # fmt: skip
    rows.append(_end(22_002, 2161, b"git", b"git\0push\0origin", 700, 9.0,
                     exit_code=128, uid=1000))  # fmt: skip
    rows.append(_end(22_003, 2161, b"\x1b[31m[/x]", b"\x1b[2J\0[bold]\0\xff",
                     720, 1.0))  # fmt: skip
    return rows


def _end(
    pid: int,
    ppid: int,
    comm: bytes,
    cmdline: bytes,
    at_ms: float,
    cpu_ms: float,
    **values: Any,
) -> Row:
    """Return an end `at_ms` into the second; it ran nearly all of its life."""
    end_ns = int((UPTIME_S - 1.0) * 1e9 + at_ms * _MS)
    lifetime_ns = int((cpu_ms * 1.25 + 0.4) * _MS)
    start_s = (end_ns - lifetime_ns) / 1e9
    return {
        "pid": pid, "ppid": ppid, "comm": comm, "cmdline": cmdline, "uid": 1000,
        "start_ticks": int(start_s * USER_HZ), "end_ns": end_ns,
        "lifetime_ns": lifetime_ns, "utime_ns": int(cpu_ms * _MS * 3 / 4),
        "stime_ns": int(cpu_ms * _MS / 4), "peak_rss_bytes": pid << 7,
        "read_bytes": int(cpu_ms) << 14, "write_bytes": (pid % 3) << 12, **values,
    }  # fmt: skip


def _starts() -> list[Row]:
    rows: list[Row] = []
    for end in _ends():
        begun_ns = int(end["end_ns"] or 0) - int(end["lifetime_ns"] or 0)
        common = {name: end[name] for name in ("ppid", "uid", "start_ticks")}
        pid = int(end["pid"] or 0)
        parent = b"sh" if common["ppid"] not in (SHELL, MAKE) else b"bash"
        rows.append(fork(pid, begun_ns, comm=parent, **common))
        rows.append(exec_(pid, begun_ns + _MS // 5, comm=end["comm"],
                          cmdline=end["cmdline"], **common))  # fmt: skip
    return rows
