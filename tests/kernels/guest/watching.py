"""What the checks of collectors share: a script runs, and a collector watches it."""

import os
import subprocess
import time
from typing import NamedTuple

from montauk_tui.collectors.base import Collector
from montauk_tui.model.schema import Need
from tests.support.lives import End, ends_of

COUNT = 40
STARTED = COUNT + 3
"""Children of the script."""
PATIENCE_S = 60.0


class Seen(NamedTuple):
    """The exits of the script's children, and how many events were lost."""

    ends: list[End]
    lost: int


def watch(collector: Collector, name: str, last: str) -> Seen:
    """Run a script, and return what a collector sees of it.

    Args:
        collector: It is open.
        name: An argument of all `COUNT` short processes.
        last: The command line of the last child.
    """
    script = f"""
    i=0
    while [ $i -lt {COUNT} ]; do /bin/true {name} $i; i=$((i + 1)); done
    sh -c 'exit 7'
    sh -c 'kill -KILL $$'
    {last}
    exit 0"""
    collector.sample(Need.NONE)
    shell = subprocess.Popen(["sh", "-c", script], stderr=subprocess.DEVNULL)
    found: list[End] = []
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        has_exited = shell.poll() is not None
        sample = collector.sample(Need.NONE)
        found += [end for end in ends_of(sample) if end.ppid == shell.pid]
        if has_exited and len(found) >= STARTED:
            break
        time.sleep(0.2)
    shell.wait()
    return Seen(found, sample.counters.lost)


def command_of(end: End) -> str:
    """Return the arguments as one text."""
    return os.fsdecode(b" ".join(end.argv).strip())


def complaints_of(seen: Seen) -> list[str]:
    """Return what is wrong, whichever collector it is."""
    ends, lost = seen.ends, seen.lost
    complaints = [f"{lost} lost"] if lost else []
    if without := sum(not end.cpu_s > 0 for end in ends):
        complaints.append(f"{without} without CPU time")
    if not any((end.code, end.signal) == (7, None) for end in ends):
        complaints.append("no exit code 7")
    if not any((end.code, end.signal) == (None, 9) for end in ends):
        complaints.append("no SIGKILL")
    return complaints
