"""Recordings of three hosts under different loads; two of them have one name."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from montauk_tui.export.fleet.exporting import Exported, export
from montauk_tui.model.sample import Counters, Sample
from montauk_tui.model.schema import PF_KTHREAD
from montauk_tui.recorder import writer as writing
from montauk_tui.recorder.folder import Folder
from tests.support.builders import (
    BOOT_S,
    USER_HZ,
    FakeLookups,
    cpu_ticks,
    make_host,
    make_sample,
)
from tests.support.deaths import make_death
from tests.support.exits import make_exits
from tests.support.recordings import frames_of, write
from tests.support.starts import exec_, fork, make_starts

SECONDS: Final = 90
"""Samples of each host after the first."""

HOSTILE: Final = "a\x1b[31m'b\";<b>\u202e"
"""What a process may be called."""

LOOKUPS: Final = FakeLookups(
    {7: b"/bin/sh\0-c\0make", 8: b"leaky\0--cache"}, {0: "root", 1000: "amy"}
)


def identity(name: str, machine: str) -> dict[str, str]:
    """Return what tells a machine from others."""
    return {
        "machine_id": machine * 32, "boot_id": f"{machine * 8}-0000-{name}",
        "kernel": "6.18.0", "architecture": "x86_64",
    }  # fmt: skip


HOSTS: Final = {
    "build": ("build", identity("build", "a")),
    "web-1": ("web", identity("web", "b")),
    "web-2": ("web", identity("web", "c")),
}
"""Host name and identity of each folder."""


def samples(folder: str, seconds: int = SECONDS) -> Iterator[Sample]:
    """Yield a sample a second of one of the hosts."""
    load = {"build": 6, "web-1": 1, "web-2": 2}[folder]
    name, _ = HOSTS[folder]
    for at in range(seconds + 1):
        now_ns = int((BOOT_S + at) * 1e9) - 10**8
        yield make_sample(
            [
                {"pid": 2, "ppid": 0, "flags": PF_KTHREAD, "comm": "kthreadd",
                 "stime": at // 10},
                {"pid": 7, "uid": 1000, "comm": "sh", "utime": 10 * at,
                 "cgroup_id": 3, "start_stack": 7},
                {"pid": 8, "comm": "leaky", "utime": at * load, "cgroup_id": 4,
                 "rss_bytes": (1 << 20) * (10 + at * load), "start_stack": 8},
                {"pid": 9, "comm": HOSTILE.encode(), "start_stack": 9},
            ],
            after_s=float(at),
            host=make_host(
                [cpu_ticks(user=50 * at, idle=50 * at)] * 2,
                hostname=name, read_s=50_000.0 + at,
            ),
            counters=Counters(forks=at * load, execs=at * load, exits=at * load),
            exits=make_exits(_exits(load, at, now_ns) if at else []),
            starts=make_starts(_starts(load, at, now_ns) if at else []),
        )  # fmt: skip


def _exits(load: int, at: int, now_ns: int) -> Iterator[dict[str, Any]]:
    for number in range(load):
        pid = 100 + at * load + number
        row: dict[str, Any] = {
            "pid": pid, "ppid": 7, "uid": 1000, "comm": b"cc1", "cgroup_id": 3,
            "cmdline": b"cc1\0-O2\0f%d.c" % (pid % 10), "end_ns": now_ns,
            "start_ticks": int((BOOT_S + at - 1) * USER_HZ) + 50,
            "lifetime_ns": 40_000_000, "utime_ns": 25_000_000 * (number + 1),
            "stime_ns": 5_000_000, "peak_rss_bytes": (20 + number) << 20,
            "exit_code": int(at % 9 == 0), "exit_signal": None,
        }  # fmt: skip
        if at % 30 == number:
            death = make_death()
            row |= {"exit_signal": 9, "exit_code": None, "death": death}
        yield row


def _starts(load: int, at: int, now_ns: int) -> Iterator[Mapping[str, Any]]:
    for number in range(load):
        pid = 100 + at * load + number
        start = int((BOOT_S + at - 1) * USER_HZ) + 50
        began_ns = now_ns - 40_000_000
        yield fork(pid, began_ns, comm=b"sh", ppid=7, uid=1000, start_ticks=start)
        yield exec_(
            pid, began_ns + 10**6, comm=b"cc1", ppid=7, uid=1000, start_ticks=start,
            cmdline=b"cc1\0-O2\0f%d.c" % (pid % 10),
        )  # fmt: skip


def record(path: Path, folder: str, seconds: int = SECONDS) -> None:
    """Record one of the hosts."""
    _, who = HOSTS[folder]
    with patch.object(writing, "this_host", lambda: who):
        write(path, frames_of(samples(folder, seconds), LOOKUPS))


def record_all(path: Path, seconds: int = SECONDS) -> list[Path]:
    """Return the folders of recordings of all hosts."""
    folders = [path / name for name in HOSTS]
    for folder in folders:
        record(folder, folder.name, seconds)
    return folders


def exported(recording: Path, out: Path) -> Exported:
    """Export a recording."""
    with closing(Folder.opened(recording)) as folder:
        return export(folder, out)
