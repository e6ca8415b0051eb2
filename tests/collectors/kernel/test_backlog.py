"""A monitor that has no CPU for a while: what is logged meanwhile is not lost."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from montauk_tui.collectors.kernel import sizes
from montauk_tui.collectors.kernel.logs import ProbeLogs
from montauk_tui.collectors.kernel.sizes import default_slots, possible_cpus
from montauk_tui.collectors.urgency import hasten
from montauk_tui.model.schema import Need
from tests.cli.conftest import PROGRAM
from tests.collectors.kernel.support import opened
from tests.support.lives import spawn, wait
from tests.support.patience import until

pytestmark = pytest.mark.privileged

MARGIN = 1000
"""What else the machine may start and end on that CPU meanwhile."""


@contextmanager
def monitor() -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [*PROGRAM, "--collector", "kernel", "--json", "-d", "0.25"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def next_sample(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout is not None
    sample: dict[str, Any] = json.loads(process.stdout.readline())
    return sample


def events(sample: dict[str, Any]) -> int:
    counters: dict[str, int] = sample["counters"]
    return counters["execs"] + counters["exits"]


def test_as_many_ends_as_are_promised_while_it_is_stopped(lives: str) -> None:
    count = default_slots(possible_cpus()) - MARGIN
    if count <= 0:
        pytest.skip("too many CPUs for a test of one")
    with monitor() as process:
        before = next_sample(process)
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        parent = spawn(lives, "short-lives-on-one-cpu", str(count))
        assert wait(parent) == 0
        process.send_signal(signal.SIGCONT)
        pids: list[int] = []
        lost = 0
        while len(pids) < count and not lost:
            sample = next_sample(process)
            lost = sample["collector"]["lost"] - before["collector"]["lost"]
            pids += [
                row["pid"]
                for row in sample["processes"]
                if row["ppid"] == parent and not row["alive"]
            ]
        others = events(sample) - events(before) - count
        if lost and others > MARGIN:
            pytest.skip(f"other processes did {others} execs and exits meanwhile")
        assert lost == 0
        assert len(pids) == count


def eighths_filled(logs: ProbeLogs, slots: int) -> int:
    """Return how often a log has filled by an eighth since it was opened."""
    counters = ("lives", "forks", "finals")
    counts = [logs._counts.per_cpu(name) for name in counters]  # noqa: SLF001
    return int(sum((it // (slots // 8)).sum() for it in counts))


def test_nothing_wakes_the_reader_until_a_log_fills_up(lives: str) -> None:
    """Count its wake-ups: an eighth of a log each at the least, none for time."""
    slots = default_slots(possible_cpus())
    with opened() as collector:
        logs = collector._logs  # noqa: SLF001
        collecting = logs._collecting  # noqa: SLF001
        for _ in range(20):
            time.sleep(0.05)
            collector.sample(Need.NONE)
        woken = collecting.wake_ups
        assert woken <= eighths_filled(logs, slots)
        # Two eighths at least, of which the first may have been filled before.
        wait(spawn(lives, "short-lives-on-one-cpu", str(slots // 4)))
        until(lambda: collecting.wake_ups > woken, "a wake-up")
        woken = collecting.wake_ups
        assert woken <= eighths_filled(logs, slots)
        assert collector.sample(Need.NONE).counters.lost == 0


def test_the_promise_is_in_the_documentation() -> None:
    root = Path(__file__).parents[3]
    text = " ".join((root / "docs/collectors.md").read_text("utf-8").split())
    most = sizes._MOST_SLOTS  # noqa: SLF001
    assert f"A CPU has room for {most:,} records of each kind" in text


def test_who_empties_the_logs_runs_before_others() -> None:
    allowed: list[int] = []

    def try_it() -> None:
        hasten()
        allowed.append(os.sched_getscheduler(0))

    thread = threading.Thread(target=try_it)
    thread.start()
    thread.join()
    if allowed != [os.SCHED_RR | os.SCHED_RESET_ON_FORK]:
        pytest.skip("no real-time policy is permitted here")
    before = os.sched_getscheduler(0)
    with opened():
        (reader,) = (it for it in threading.enumerate() if it.name == "montauk-log")
        native_id = reader.native_id
        assert native_id is not None
        until(lambda: os.sched_getscheduler(native_id) == allowed[0], "its policy")
        assert os.sched_getscheduler(0) == before
