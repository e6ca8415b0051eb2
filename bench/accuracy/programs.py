"""The programs of the workloads: links with a name of this run, awk calibrated."""

import os
import secrets
import statistics
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Final

MILLISECONDS: Final = (5, 50)
_PROGRAMS: Final = {"shell": "sh", "true": "true", "sleep": "sleep", "awk": "awk"}
_PROBE_LOOPS: Final = 1_000_000
_PROBES: Final = 9


@dataclass(frozen=True)
class Programs:
    """The folder of the programs, and the mark of their processes."""

    mark: str
    """What the names of all processes of the workloads begin with."""
    paths: dict[str, str]
    loops: dict[str, int]
    """How often awk loops, by the milliseconds that takes."""

    def orders(self, workload: str, seconds: float) -> dict[str, object]:
        """Return the orders for the driver."""
        return {
            "workload": workload,
            "seconds": seconds,
            "loops": self.loops,
            **self.paths,
        }


def prepare(folder: Path) -> Programs:
    """Create the links in a folder, and calibrate awk."""
    mark = f"acc{secrets.token_hex(2)}"
    paths: dict[str, str] = {}
    for name, program in _PROGRAMS.items():
        found = which(program)
        if found is None:
            raise SystemExit(f"bench.accuracy needs the program {program}")
        link = folder / f"{mark}-{program}"
        link.symlink_to(found)
        paths[name] = str(link)
    loops = calibrate(paths["awk"])
    paths["job"] = _job(folder, paths, loops["5"])
    return Programs(mark, paths, loops)


def _job(folder: Path, paths: dict[str, str], count: int) -> str:
    """Write the scripts of the tree; both end with a builtin, not a process."""
    leaf = f"{paths['awk']} 'BEGIN {{ for (i = 0; i < {count}; i++) x += i }}'"
    middle, top = folder / "middle", folder / "job"
    middle.write_text(f"{leaf} &\n{leaf} &\n{leaf} &\nwait\n", "utf-8")
    start = f"{paths['shell']} {middle} &\n"
    top.write_text(f"{start}{start}wait\n", "utf-8")
    return str(top)


def calibrate(awk: str) -> dict[str, int]:
    """Return the loop count of awk for some milliseconds of CPU time."""
    start_s = _awk_s(awk, 0)
    each_s = max(_awk_s(awk, _PROBE_LOOPS) - start_s, 1e-6) / _PROBE_LOOPS
    return {
        str(wanted): max(int((wanted / 1000 - start_s) / each_s), 1)
        for wanted in MILLISECONDS
    }


def _awk_s(awk: str, count: int) -> float:
    program = f"BEGIN {{ for (i = 0; i < {count}; i++) x += i }}"
    times = []
    for _ in range(_PROBES):
        pid = os.posix_spawn(awk, [awk, program], os.environ)
        usage = os.wait4(pid, 0)[2]
        times.append(usage.ru_utime + usage.ru_stime)
    return statistics.median(times)
