"""What is known of one process, made up: every kind of value, always the same."""

import math
from typing import Final

from montauk_tui.model.details import (
    USER_TASKS,
    Amount,
    Datum,
    Details,
    Section,
    Table,
    Unit,
)
from montauk_tui.model.sample import Identity, Sample
from tests.support.builders import TIME_S
from tests.support.replay import ReplayCollector
from tests.support.scenes import build_scene, scene_lookups

DENIED: Final = "needs CAP_SYS_PTRACE or the same user"
LOOKED_INTO: Final = 4131
"""The compiler of the build machine."""

_PATH: Final = "/usr/lib/gcc/x86_64-linux-gnu/13/cc1plus"
_MIB: Final = float(1 << 20)

_ORIGIN: Final = Section(
    "process",
    "Process",
    (
        Datum("Command", f"{_PATH} -quiet -O2 src/scheduler.cpp -o /tmp/ccQ8vLpM.s"),
        Datum("Executable", f"{_PATH} (deleted)", notable=True),
        Datum("Working folder", reason=DENIED),
        Datum("Parents", "g++ 4130 < make 3990 < bash 2161 < sshd 812 < systemd 1"),
        Datum("PID", "4131"),
        Datum("State", "R running"),
        Datum("Started", Amount(TIME_S - 9, Unit.MOMENT)),
        Datum("Age", Amount(9.0, Unit.DURATION)),
        Datum("Terminal", "none"),
    ),
)
_LIMITS: Final = Section(
    "limits",
    "Limits",
    (
        Datum("Open files", Amount(1000, limit=1024), notable=True),
        Datum(USER_TASKS, Amount(math.nan, limit=96365)),
        Datum("Stack size", Amount(132 * 1024, Unit.BYTES, 8 * _MIB)),
        Datum("Locked memory", Amount(0, Unit.BYTES, math.inf)),
        Datum("Message queues", Amount(math.nan, Unit.BYTES, 819200)),
    ),
    note="use of soft limit",
)
_FILES: Final = Section(
    "files",
    "Open files",
    table=Table(
        ("FD", "TYPE", "MODE", "SIZE", "NAME"),
        (
            (Amount(0), "device", "r", "", "/dev/null"),
            (Amount(3), "reg", "r", Amount(18_000, Unit.BYTES), "/srv/src/table.cpp"),
            (Amount(4), "tcp", "rw", "", "10.0.0.7:40122 -> 10.0.0.9:443 ESTABLISHED"),
            (Amount(5), "?", None, None, "/srv/" + "deep/" * 30 + "end"),
        ),
    ),
    note="4",
)
_THREADS: Final = Section(
    "threads",
    "Threads",
    table=Table(
        ("TID", "S", "TIME+", "CPU", "NAME"),
        tuple(
            (Amount(4131 + at), "S", Amount(at, Unit.SECONDS), Amount(at), f"pool {at}")
            for at in range(30)
        ),
    ),
    note="30",
)
_ENVIRONMENT: Final = Section(
    "environment",
    "Environment",
    (
        Datum("LANG", "C.UTF-8"),
        Datum("PATH", "/usr/local/sbin:/usr/local/bin:" * 6),
        Datum("A_NAME_THAT_IS_LONGER_THAN_WHAT_IS_ALIGNED", "1"),
        Datum("EVIL", r"[/foo]\x1b[2J"),
        Datum("EMPTY", ""),
    ),
    note="5, as the program was started",
    is_list=True,
)


def details_of(sample: Sample, pid: int = LOOKED_INTO, reading: int = 0) -> Details:
    """Return what is known of a process in a sample; `reading` counts them."""
    row = sample.processes.pid.tolist().index(pid)
    identity: Identity = sample.processes.identity(row)
    usage = Section(
        "usage",
        "Use",
        (
            Datum("User CPU", Amount(7.5 + reading, Unit.SECONDS)),
            Datum("Read from storage", Amount(reading * 3 * _MIB, Unit.BYTES)),
            Datum("Written to storage", reason=DENIED),
        ),
    )
    return Details(
        identity=identity,
        name="cc1plus",
        uid=1000,
        monotonic_s=sample.monotonic_s + reading,
        sections=(_ORIGIN, usage, _LIMITS, _THREADS, _FILES, _ENVIRONMENT),
        read_bytes=reading * 3 * _MIB,
    )


class SceneDetails:
    """Readings of the compiler in a scene: each has read 3 MiB more than the last."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.readings = 0
        self.alive = True

    def details(self, identity: Identity) -> Details | None:
        """Stand in for `Lookups.details`."""
        if not self.alive or identity.pid != LOOKED_INTO:
            return None
        self.readings += 1
        return details_of(self.sample, reading=self.readings)


def looking_collector() -> tuple[ReplayCollector, SceneDetails]:
    """Return the scene of the build machine, in which a compiler can be looked into."""
    samples = build_scene()
    lookups = scene_lookups(samples)
    readings = SceneDetails(samples[-1])
    lookups.read_details = readings.details
    return ReplayCollector(samples, lookups), readings
