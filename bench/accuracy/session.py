"""One run: a tool records while a workload runs in its own cgroup."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.accuracy import top
from bench.accuracy.cgroup import Group, group
from bench.accuracy.figures import Figures, Truth, from_json
from bench.accuracy.programs import Programs
from bench.accuracy.record import Recording, ToolFailed, recorded

TOP: Final = "top -b"
_MONTAUK: Final = (sys.executable, "-m", "montauk_tui")
_TOP: Final = ("top", "-b", "-d", "1", "-w", "512")
_START_S: Final = 60.0
_SAMPLES_AFTER: Final = 3


def collectors() -> tuple[list[str], list[str]]:
    """Return the collectors that work here, and why the others do not."""
    command = [*_MONTAUK, "--collector-info"]
    result = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    lines = [line.strip().removeprefix("[active] ") for line in result.splitlines()[1:]]
    missing = [line for line in lines if ": unavailable: " in line]
    return [line.split()[0] for line in lines if line not in missing], missing


def run(
    tool: str, workload: str, programs: Programs, seconds: float
) -> tuple[Figures, Truth]:
    """Return the figures of a tool for a workload, and the reference.

    Raises:
        ToolFailed: The tool or the workload failed.
    """
    with group() as cgroup:
        orders = programs.orders(workload, seconds)
        with _driver(orders, f"{programs.mark}-driver", cgroup) as driver:
            with _recording(tool) as recording:
                recording.wait_for(1, _START_S)
                started, cpu_s = _let_run(driver, cgroup, recording, seconds * 3 + 60)
                samples = len(recording.stamps) + _SAMPLES_AFTER
                recording.wait_for(samples, _START_S)
            truth = Truth(started, cpu_s, programs.mark, driver.pid)
            return _figures(tool, recording, truth), truth


_DRIVER: Final = f"""import sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from bench.accuracy.driver import main
main()
"""


@contextmanager
def _driver(
    orders: dict[str, object], comm: str, cgroup: Group | None
) -> Iterator[subprocess.Popen[str]]:
    """Start the driver, ready to begin; kill all that it started."""
    folder = str(cgroup.folder) if cgroup else ""
    driver = subprocess.Popen(
        [sys.executable, "-I", "-c", _DRIVER, json.dumps(orders), comm, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        _answer(driver, _START_S)
        yield driver
    finally:
        # Not waited for yet, so the number of the group is still its own.
        os.killpg(driver.pid, signal.SIGKILL)
        driver.communicate()


def _answer(driver: subprocess.Popen[str], seconds: float) -> str:
    if not driver.stdout or not select.select([driver.stdout], [], [], seconds)[0]:
        raise ToolFailed(f"the workload took more than {seconds:.0f} s")
    if not (answer := driver.stdout.readline()):
        raise ToolFailed("the workload failed")
    return answer


@contextmanager
def _recording(tool: str) -> Iterator[Recording]:
    if tool == TOP:
        environment = {"LC_ALL": "C", "XDG_CONFIG_HOME": "/nonexistent"}
        with recorded([*_TOP], environment, top.SAMPLE.encode()) as recording:
            yield recording
    else:
        command = [*_MONTAUK, "--json", "-d", "1"]
        with recorded(command, {"MONTAUK_COLLECTOR": tool}, b"\n") as recording:
            yield recording


def _let_run(
    driver: subprocess.Popen[str],
    cgroup: Group | None,
    recording: Recording,
    seconds: float,
) -> tuple[int, float]:
    """Return how many processes were started, and the CPU time of all of them."""
    before_s = cgroup.cpu_s() if cgroup else 0.0
    if driver.stdin:
        driver.stdin.write("go\n")
        driver.stdin.flush()
    result = json.loads(_answer(driver, seconds))
    # WNOWAIT: it has exited, and its PID is not reused.
    os.waitid(os.P_PID, driver.pid, os.WEXITED | os.WNOWAIT)
    recording.look()
    if cgroup and not cgroup.wait_until_empty(10.0):
        raise ToolFailed("processes of the workload did not end")
    return result["started"], cgroup.cpu_s() - before_s if cgroup else result["cpu_s"]


def _figures(tool: str, recording: Recording, truth: Truth) -> Figures:
    if tool == TOP:
        return top.from_top(recording.text, recording.stamps, truth)
    return from_json(recording.text.splitlines()[: len(recording.stamps)], truth)
