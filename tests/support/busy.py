"""A machine on which processes come and go, made by hand: a sample a second."""

from collections.abc import Iterator
from typing import Any

from montauk_tui.model.sample import Counters, Sample
from tests.support.builders import (
    BOOT_S,
    USER_HZ,
    FakeLookups,
    Row,
    cpu_ticks,
    make_host,
    make_sample,
)
from tests.support.deaths import SENDER, make_death
from tests.support.exits import make_exits
from tests.support.starts import exec_, fork, make_starts

LOOKUPS = FakeLookups(
    {7: b"sh\0-c\0x", 8: b"cc\0-c"}, {0: "root", 7: "amy", 9: "bob", 5: "eve"}
)
"""User 9 has processes that exit only."""

HZ = 10**9
BUSY_S = 0.25
"""CPU time of each second."""


def samples(count: int, first: int = 0) -> list[Sample]:
    """Return samples with a shell, a long compile job at a time, and short ones."""
    return [_sample(at) for at in range(first, first + count)]


def _sample(at: int) -> Sample:
    exits, starts = [], []
    for number, end in _short(at):
        exits.append(number)
        starts += end
    job, age = divmod(at, 37)
    rows: list[Row] = [
        {"pid": 1, "comm": b"init", "utime": 1_000_000 * at},
        {"pid": 7, "comm": b"sh", "uid": 7, "utime": 50_000_000 * at,
         "rss_bytes": (1 << 20) * (1 + at % 7)},
        {"pid": 1_000 + job, "ppid": 7, "comm": b"cc1", "uid": 7,
         "start_ticks": _ticks(at - age), "utime": 150_000_000 * (age + 1)},
    ]  # fmt: skip
    if age == 0 and at:
        # The job before: its last tenth of a second was in no sample.
        exits.append(
            _exit(at, 999 + job, b"cc1", start=at - 37, used_s=0.15 * 37 + 0.1)
        )
    return make_sample(
        rows,
        after_s=float(at),
        ticks_per_second=HZ,
        host=make_host([cpu_ticks(user=25 * at, idle=75 * at)], read_s=float(at)),
        exits=make_exits(exits),
        starts=make_starts(starts),
        counters=Counters(forks=3 * at, execs=at, exits=3 * at, lost=at // 50),
        reported_until_ns=int((BOOT_S + at) * 1e9),
        sees_signals=True,
    )


def _ticks(at: int) -> int:
    """Return the start of a process that began just before a sample."""
    return int((BOOT_S + at - 0.5) * USER_HZ)


def _short(at: int) -> Iterator[tuple[Row, list[Row]]]:
    """Yield the exit and the starts of processes that no sample has."""
    for place in range(2):
        pid = 10_000 + 2 * at + place
        values: dict[str, Any] = {"exit_code": 1} if at % 11 == place else {}
        if at % 29 == 28:
            values = {"exit_code": None, "exit_signal": 9, "death": DEATH}
        yield (
            _exit(at, pid, b"true", start=at, used_s=0.02, uid=9, **values),
            [fork(pid, _end_ns(at) - 2_000, ppid=7, uid=7, start_ticks=_ticks(at)),
             exec_(pid, _end_ns(at) - 1_000, cmdline=b"true\0%d" % pid, ppid=7, uid=9,
                   start_ticks=_ticks(at))],
        )  # fmt: skip


DEATH = make_death(sender=SENDER._replace(uid=5))


def _end_ns(at: int) -> int:
    return int((BOOT_S + at - 0.25) * 1e9)


def _exit(
    at: int, pid: int, comm: bytes, *, start: int, used_s: float, **values: Any
) -> Row:
    return {
        "pid": pid, "ppid": 7, "uid": 7, "comm": comm,
        "cmdline": b"%s\0%d" % (comm, pid), "start_ticks": _ticks(start),
        "utime_ns": int(used_s * 1e9), "end_ns": _end_ns(at), **values,
    }  # fmt: skip
