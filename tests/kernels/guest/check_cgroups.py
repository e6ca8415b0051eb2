"""A cgroup has limits of each kind; what is read of it is what its files say."""

import contextlib
import subprocess
import sys
import time

from montauk_tui.collectors.procfs.cgroup_reader import read_cgroups
from montauk_tui.model.cgroups import NEEDS
from tests.support.cgroups import OwnCgroup, cgroup_everywhere

WAIT_S = 120.0
LIMITS = {
    "memory.max": "67108864", "pids.max": "77", "cpu.max": "2000 20000",
}  # fmt: skip


def values(own: OwnCgroup) -> dict[str, float]:
    return dict(read_cgroups([own.path], NEEDS).figures[own.path].values)


def throttled(own: OwnCgroup) -> bool:
    end_s = time.monotonic() + WAIT_S
    while time.monotonic() < end_s:
        if values(own).get("throttled", 0.0) > 0:
            return True
        time.sleep(0.5)
    return False


def verdict(name: str, found: float | None, *, is_right: bool) -> None:
    print(f"{'pass' if is_right else 'FAIL'} cgroups-{name} {found}", flush=True)


def check(own: OwnCgroup) -> None:
    for name, text in LIMITS.items():
        own.file(name).write_text(text)
    process = subprocess.Popen([sys.executable, "-S", "-E", "-c", "while True: pass"])
    try:
        own.take(process.pid)
        is_right = throttled(own)
        found = values(own)
        verdict("throttled", found.get("throttled"), is_right=is_right)
        expected = {
            "memory_limit_bytes": 67108864.0, "tasks_limit": 77.0, "tasks": 1.0,
            "quota_us": 2000.0, "period_us": 20000.0,
        }  # fmt: skip
        for name, value in expected.items():
            verdict(name, found.get(name), is_right=found.get(name) == value)
        for name in ("cpu_s", "periods"):
            verdict(name, found.get(name), is_right=found.get(name, 0.0) > 0)
        waited = found.get("cpu_pressure_pct", -1.0)
        verdict("pressure", waited, is_right=0 <= waited <= 100)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()


if __name__ == "__main__":
    with cgroup_everywhere() as made:
        check(made)
