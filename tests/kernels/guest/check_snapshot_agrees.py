"""What `montauk --json` lists is what /proc has, with the traditional collector."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

COMMAND = "-m montauk_tui --collector traditional --json -n 1 -d 0.5"


class Stat(NamedTuple):
    """What is compared of /proc/PID/stat."""

    start_ticks: int
    ppid: int
    kernel_thread: bool


def processes() -> dict[int, Stat]:
    """Return every process there is now."""
    found: dict[int, Stat] = {}
    for folder in Path("/proc").glob("[1-9]*"):
        try:
            stat = (folder / "stat").read_bytes()
        except OSError:
            continue
        fields = stat.rpartition(b")")[2].split()
        flags = int(fields[6])
        found[int(folder.name)] = Stat(
            int(fields[19]), int(fields[1]), bool(flags & 0x200000)
        )
    return found


def insane(process: dict[str, Any], stat: Stat, memory: int) -> str:
    """Return what is wrong with the fields of a process, if anything."""
    rss, state = process["rss_bytes"], process["state"]
    if process["ppid"] != stat.ppid:
        return f"ppid {process['ppid']}, not {stat.ppid}"
    if not isinstance(state, str) or state not in tuple("RSDTtXZIPWK"):
        return f"state {state!r}"
    without_memory = stat.kernel_thread or state == "Z"
    if without_memory != (rss == 0) or not 0 <= rss < memory:
        return f"rss_bytes {rss}"
    return ""


def verdict(name: str, wrong: list[str], right: str) -> None:
    print(f"FAIL {name} {'; '.join(wrong[:5])}" if wrong else f"pass {name} {right}")


def main() -> None:
    began, before = time.time(), processes()
    running = subprocess.Popen(
        [sys.executable, *COMMAND.split()], stdout=subprocess.PIPE, text=True
    )
    output, _ = running.communicate()
    after = processes()
    sample = json.loads(output)
    seen = {process["pid"]: process for process in sample["processes"]}
    stayed = {pid: stat for pid, stat in before.items() if after.get(pid) == stat}

    wrong = [f"{pid} is missing" for pid in sorted(stayed.keys() - seen.keys())]
    # Times of start are in hundredths of a second, from a clock read elsewhere.
    wrong += [
        f"{pid} was not there"
        for pid in sorted(seen.keys() - before.keys())
        if seen[pid]["start_time"] < began - 1
    ]
    if running.pid not in seen:
        wrong.append("montauk does not see itself")
    verdict("snapshot-processes", wrong, f"{len(stayed)} that stayed, {len(seen)} seen")

    memory = sample["host"]["mem_total_bytes"]
    checked = stayed.keys() & seen.keys()
    faults = {pid: insane(seen[pid], stayed[pid], memory) for pid in sorted(checked)}
    wrong = [f"{pid}: {fault}" for pid, fault in faults.items() if fault]
    verdict("snapshot-fields", wrong, f"ppid, state and rss of {len(checked)}")


if __name__ == "__main__":
    main()
