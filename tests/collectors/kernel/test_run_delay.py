"""Waits of threads that ended, kept for their processes."""

from typing import Any

import numpy as np

from montauk_tui.collectors.kernel.log import Records
from montauk_tui.collectors.kernel.records import TASK
from montauk_tui.collectors.kernel.run_delay import RunDelay
from montauk_tui.collectors.kernel.snapshot import to_table
from montauk_tui.model.schema import Need


def tasks(*rows: dict[str, Any]) -> Records:
    made = np.zeros(len(rows), dtype=TASK)
    for record, row in zip(made, rows, strict=True):
        for name, value in {"tgid": row["pid"], **row}.items():
            record[name] = value
    return made


def waited(run_delay: RunDelay, *rows: dict[str, Any]) -> dict[int, int]:
    """Return by pid what a snapshot of threads makes known."""
    made = tasks(*rows)
    table = run_delay.added(to_table(made, 100, Need.WAIT | Need.THREADS), made)
    return dict(zip(table.pid.tolist(), table.run_delay_ns.tolist(), strict=True))


LEADER = {"pid": 5, "start_ns": 10, "run_delay_ns": 100}
THREAD = {"pid": 8, "tgid": 5, "start_ns": 20, "run_delay_ns": 7}


def test_what_a_thread_waited_stays_when_it_ends() -> None:
    run_delay = RunDelay()
    assert waited(run_delay, LEADER, THREAD) == {5: 107, 8: 7}
    assert waited(run_delay, LEADER) == {5: 107}
    assert waited(run_delay, {**LEADER, "run_delay_ns": 110}) == {5: 117}


def test_a_thread_that_took_the_pid_over_is_another() -> None:
    run_delay = RunDelay()
    waited(run_delay, LEADER, THREAD)
    other = {**THREAD, "start_ns": 30, "run_delay_ns": 1}
    assert waited(run_delay, LEADER, other) == {5: 108, 8: 1}


def test_a_process_that_took_the_pid_over_inherits_nothing() -> None:
    run_delay = RunDelay()
    waited(run_delay, LEADER, THREAD)
    waited(run_delay, LEADER)
    other = {"pid": 5, "start_ns": 50, "run_delay_ns": 2}
    assert waited(run_delay, other) == {5: 2}
    waited(run_delay, LEADER, THREAD)
    assert waited(run_delay, {"pid": 5, "start_ns": 50, "run_delay_ns": 2}) == {5: 2}


def test_a_thread_whose_leader_was_never_seen_counts_for_nobody() -> None:
    run_delay = RunDelay()
    waited(run_delay, {"pid": 1}, THREAD)
    assert waited(run_delay, {"pid": 1}, LEADER) == {1: 0, 5: 100}
