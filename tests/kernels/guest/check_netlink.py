"""The netlink collector sees every short life whole, and agrees with /proc."""

import shlex
import sys
from collections import Counter

from montauk_tui.collectors.netlink.collector import NetlinkCollector
from montauk_tui.collectors.procfs.collector import TraditionalCollector
from montauk_tui.errors import MontaukError
from montauk_tui.model.schema import Need
from tests.kernels.guest.watching import (
    COUNT,
    STARTED,
    Seen,
    command_of,
    complaints_of,
    watch,
)

ROUNDS = 5

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

LAST = shlex.join([sys.executable, "-S", "-c", LEADER_FIRST])


def wrong(seen: Seen) -> list[str]:
    """Return what is not as it should be."""
    ends, complaints = seen.ends, complaints_of(seen)
    if len(ends) != STARTED or len({end.pid for end in ends}) != len(ends):
        complaints.append(f"{len(ends)} ends, not {STARTED}")
    # The arguments of who is gone when they are read are not known.
    right = {f"/bin/true netlink {number}" for number in range(COUNT)}
    commands = map(command_of, ends)
    told = Counter(text for text in commands if text.startswith("/bin/true"))
    complaints += [
        f"{text}: {times}x"
        for text, times in told.items()
        if times != 1 or text not in right
    ]
    codes = Counter(end.code for end in ends)
    if codes[0] != COUNT:
        complaints.append(f"{codes[0]} exit codes of 0, not {COUNT}")
    if codes[7] != 1:
        complaints.append(f"{codes[7]} exit codes of 7, not 1")
    return complaints


def of_leader_first(seen: Seen) -> str:
    """Return what was told of the program whose first thread ended first."""
    if any(end.code == 6 for end in seen.ends):
        return "the code of who outlived its leader"
    if sum(end.code is end.signal is None for end in seen.ends) == 1:
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
            seen = watch(collector, "netlink", LAST)
            complaints = wrong(seen) + disagreement(collector)
            detail = collector.detail
    except MontaukError as error:
        print(f"FAIL netlink {error}")
        return
    leader = of_leader_first(seen)
    if not leader:
        complaints.append("a wrong code of who outlived its leader")
    if complaints:
        print(f"FAIL netlink {'; '.join(complaints[:5])}")
    else:
        caught = sum(command_of(end) != "" for end in seen.ends)
        print(f"pass netlink all told, {caught} with arguments; {leader}; {detail}")


if __name__ == "__main__":
    main()
