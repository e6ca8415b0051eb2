"""The netlink collector sees every short life whole, and agrees with /proc."""

import os
import subprocess
import sys
import time
from collections import Counter

from montauk_tui.collectors.netlink.collector import NetlinkCollector
from montauk_tui.collectors.procfs.collector import TraditionalCollector
from montauk_tui.errors import MontaukError
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import UNKNOWN, Need

COUNT = 40
PATIENCE_S = 60.0
ROUNDS = 5

SCRIPT = f"""
i=0
while [ $i -lt {COUNT} ]; do /bin/true netlink $i; i=$((i + 1)); done
sh -c 'exit 7'
sh -c 'kill -KILL $$'
{sys.executable} -S -c "$LEADER_FIRST"
"""

LEADER_FIRST = """
import ctypes, os, threading, time
def outlive():
    path = f'/proc/self/task/{os.getpid()}/stat'
    while open(path).read().rpartition(') ')[2][0] != 'Z':
        pass
    time.sleep(1)
    os._exit(6)
threading.Thread(target=outlive).start()
ctypes.CDLL(None).pthread_exit(None)
"""
"""Its first thread ends with code 0 long before another ends all with 6."""

Life = tuple[int, str, int, int, int, int]
"""Pid, arguments, exit code, signal, CPU time in ns, parent."""


def lives(sample: Sample) -> list[Life]:
    """Return what ended since the previous sample."""
    exits = sample.exits
    assert exits is not None
    return [
        (
            int(exits.pid[row]),
            exits.cmdline[row].replace(b"\0", b" ").strip().decode(),
            int(exits.exit_code[row]),
            int(exits.exit_signal[row]),
            int(exits.utime_ns[row] + exits.stime_ns[row]),
            int(exits.ppid[row]),
        )
        for row in range(len(exits))
    ]


def watch(collector: NetlinkCollector) -> tuple[list[Life], int, int]:
    """Return the lives seen while the script ran, the lost, and the script's pid."""
    collector.sample(Need.NONE)
    environment = {**os.environ, "LEADER_FIRST": LEADER_FIRST}
    shell = subprocess.Popen(
        ["sh", "-c", SCRIPT + "exit 0"], stderr=subprocess.DEVNULL, env=environment
    )
    found: list[Life] = []
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        ended = shell.poll() is not None
        sample = collector.sample(Need.NONE)
        found += lives(sample)
        if ended and sum(life[5] == shell.pid for life in found) >= COUNT + 3:
            break
        time.sleep(0.2)
    shell.wait()
    return found, sample.counters.lost, shell.pid


def wrong(found: list[Life], lost: int, parent: int) -> list[str]:
    """Return what is not as it should be."""
    ours = [life for life in found if life[5] == parent]
    complaints = [f"{lost} lost"] if lost else []
    if len(ours) != COUNT + 3 or len({life[0] for life in ours}) != len(ours):
        complaints.append(f"{len(ours)} ends, not {COUNT + 3}")
    # The arguments of who is gone when they are read are not known.
    right = {f"/bin/true netlink {number}" for number in range(COUNT)}
    told = Counter(life[1] for life in ours if life[1].startswith("/bin/true"))
    complaints += [
        f"{text}: {times}x"
        for text, times in told.items()
        if times != 1 or text not in right
    ]
    if without := sum(life[4] <= 0 for life in ours):
        complaints.append(f"{without} without CPU time")
    codes = Counter(life[2] for life in ours)
    if codes[0] != COUNT:
        complaints.append(f"{codes[0]} exit codes of 0, not {COUNT}")
    if codes[7] != 1:
        complaints.append("no exit code 7")
    if not any(life[3] == 9 and life[2] == UNKNOWN for life in ours):
        complaints.append("no SIGKILL")
    return complaints


def of_leader_first(found: list[Life], parent: int) -> str:
    """Return what was told of the program whose first thread ended first."""
    ours = [life for life in found if life[5] == parent]
    if any(life[2] == 6 for life in ours):
        return "the code of who outlived its leader"
    if sum(life[2] == life[3] == UNKNOWN for life in ours) == 1:
        return "unknown the code of who outlived its leader"
    return ""


def disagreement(collector: NetlinkCollector) -> list[str]:
    """Return which processes /proc has at other times, or not at all."""
    differing: set[int] = set()
    with TraditionalCollector() as proc:
        for number in range(ROUNDS):
            before, here, after = (
                set(source.sample(Need.NONE).processes.pid.tolist())
                for source in (proc, collector, proc)
            )
            found = ((before & after) - here) | (here - before - after)
            differing = found if number == 0 else differing & found
    return [f"other processes than in /proc: {differing}"] if differing else []


def main() -> None:
    """Print the verdict."""
    collector = NetlinkCollector()
    state = collector.availability()
    if not state.available:
        print(f"FAIL netlink {state.reason}; {state.remedy}")
        return
    try:
        with collector:
            found, lost, parent = watch(collector)
            complaints = wrong(found, lost, parent) + disagreement(collector)
            detail = collector.detail
    except MontaukError as error:
        print(f"FAIL netlink {error}")
        return
    leader = of_leader_first(found, parent)
    if not leader:
        complaints.append("a wrong code of who outlived its leader")
    if complaints:
        print(f"FAIL netlink {'; '.join(complaints[:5])}")
    else:
        caught = sum(life[1] != "" for life in found if life[5] == parent)
        print(f"pass netlink all told, {caught} with arguments; {leader}; {detail}")


if __name__ == "__main__":
    main()
