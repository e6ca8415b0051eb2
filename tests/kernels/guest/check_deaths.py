"""Processes are killed in a few ways; the collector says how, and by whom."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing

from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.engine.causes import how, sentence
from montauk_tui.model.deaths import Death
from montauk_tui.model.schema import Need
from tests.support.cgroups import limit_memory, own_group

WAIT_S = 60.0
PYTHON = (sys.executable, "-S", "-E", "-c")
FAULT = "import ctypes; ctypes.string_at(16)"
FILL = """
import sys
open(sys.argv[1], "w").write("0")
held = []
while True:
    held.append(bytearray(1 << 20))
"""


def killed() -> int:
    process = subprocess.Popen(["sleep", "1000"])
    subprocess.run(["env", "kill", "-KILL", str(process.pid)], check=True)
    process.wait()
    return process.pid


def crashed() -> int:
    process = subprocess.Popen([*PYTHON, FAULT], stderr=subprocess.DEVNULL)
    process.wait()
    return process.pid


def out_of_memory() -> int:
    with own_group(of_memory=True) as folder:
        limit_memory(folder, 40 << 20)
        process = subprocess.Popen([*PYTHON, FILL, str(folder / "cgroup.procs")])
        process.wait()
    return process.pid


def death_of(collector: KernelCollector, pid: int) -> Death | None:
    end_s = time.monotonic() + WAIT_S
    while time.monotonic() < end_s:
        exits = collector.sample(Need.NONE).exits
        assert exits is not None
        if pid in exits.pid:
            found = {of: death for (of, _), death in exits.deaths.items()}
            return found.get(pid)
        time.sleep(0.2)
    return None


def verdict(
    collector: KernelCollector, kind: str, wanted: str, kill: Callable[[], int]
) -> str:
    """Return the line of one way to be killed."""
    try:
        pid = kill()
    except OSError as error:
        return f"skip deaths-{kind} {error}"
    death = death_of(collector, pid)
    if death is None:
        return f"FAIL deaths-{kind} the cause is unknown"
    said = sentence(death, str)
    good = how(death).value == kind and wanted in said
    return f"{'pass' if good else 'FAIL'} deaths-{kind} {said}"


def main() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    collector = KernelCollector()
    collector.open()
    with closing(collector):
        if not collector.sample(Need.NONE).sees_signals:
            print("FAIL deaths the probes at signals are not attached")
            return
        print(verdict(collector, "kill", "SIGKILL by kill ", killed))
        print(verdict(collector, "fault", "segfault at 0x10", crashed))
        where = "out of memory: cgroup limit 40M of montauk-test-"
        print(verdict(collector, "oom", where, out_of_memory))
    print(f"deaths on {os.uname().release}", file=sys.stderr)


if __name__ == "__main__":
    main()
