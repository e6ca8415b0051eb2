"""Run the checks on other kernels: `python -m tests.kernels [--only NAME] 5.10 6.1`."""

import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from tests.kernels import machine, packages, report, tools
from tests.kernels.report import Row
from tests.kernels.tools import CannotSetUpError, say

GUEST = Path(__file__).parent / "guest"

BOOT_LIMIT_S = 120
CHECK_LIMIT_S = 420
"""Of time in which nothing else kept this machine busy."""
MOST_S = 1200
"""Whatever else this machine does."""

FAILED = 1
USAGE = 2
COULD_NOT_SET_UP = os.EX_TEMPFAIL  # 75


def main(versions: list[str]) -> int:
    """Print one table for all kernels; return the exit code."""
    names = all_checks()
    if versions[:1] == ["--only"]:
        names = [name for name in names if name in versions[1:2]]
        versions = versions[2:]
    unknown = [version for version in versions if version not in packages.SUITES]
    if unknown or not versions or not names:
        say(f"choose from {', '.join(packages.SUITES)}")
        return USAGE
    signal.signal(signal.SIGTERM, leave)
    try:
        tools.debian_packages()
        vng = tools.virtme_ng()
    except CannotSetUpError as error:
        say(f"not tested on other kernels: {error}")
        return COULD_NOT_SET_UP
    found: list[Row] = []
    failures: list[str] = []
    for version in versions:
        try:
            with alone(version):
                found += check(vng, version, names)
        except CannotSetUpError as error:
            failures.append(f"not tested on {version}: {error}")
    if found:
        print(report.table(found), flush=True)
    for failure in failures:
        say(failure)
    if failed(found):
        return FAILED
    return COULD_NOT_SET_UP if failures else 0


def all_checks() -> list[str]:
    """Return the names of all checks."""
    return sorted(path.stem.removeprefix("check_") for path in GUEST.glob("check_*.py"))


def leave(_signal: int, _frame: FrameType | None) -> None:
    """End like at Ctrl+C, so that the virtual machine goes as well."""
    raise KeyboardInterrupt


@contextmanager
def alone(version: str) -> Iterator[None]:
    """Wait until nobody else who shares the cache uses the folder of a version."""
    tools.cache().mkdir(parents=True, exist_ok=True)
    with (tools.cache() / f"{version}.lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another run on {version}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def check(vng: Path, version: str, names: list[str]) -> list[Row]:
    """Return the results of all checks on one kernel, in one boot."""
    began = time.monotonic()
    kernel = packages.kernel(version)
    fetched_s = time.monotonic() - began
    results = tools.cache() / version / "results"
    command = ["sh", str(GUEST / "checks.sh"), str(MOST_S), *names]
    say(f"{kernel.release}: running {len(names)} checks")
    limits = machine.Limits(BOOT_LIMIT_S, CHECK_LIMIT_S, MOST_S)
    outcome = machine.run(vng, kernel, command, results, limits)
    found = report.rows(kernel.release, names, results)
    if outcome.timed_out:
        reason = f"ended: no check came to its end for {CHECK_LIMIT_S} s or more"
        found.append(Row(kernel.release, "machine", "FAIL", reason))
    say(timing(kernel.release, names, results, fetched_s, outcome.seconds))
    for name in names:
        if failed(report.rows(kernel.release, [name], results)):
            show_log(results / f"{name}.log", f"{name} on {kernel.release}")
    return found


def failed(found: list[Row]) -> bool:
    return any(row.word == "FAIL" for row in found)


def timing(
    release: str, names: list[str], results: Path, fetched_s: float, seconds: float
) -> str:
    """Return how long each part took."""
    checks = ", ".join(
        f"{name} {report.text_of(results / f'{name}.seconds').strip() or '?'} s"
        for name in names
    )
    boot_s = report.text_of(results / "started").strip()
    return (
        f"{release}: {seconds:.0f} s in all (kernel at hand after {fetched_s:.0f} s; "
        f"guest ready {boot_s} s after its start; {checks})"
    )


def show_log(log: Path, title: str) -> None:
    """Print the last lines of what a check said on stderr."""
    print(f" {title} ".center(80, "-"), file=sys.stderr)
    print(*report.text_of(log).splitlines()[-40:], sep="\n", file=sys.stderr)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
