"""Waits of threads that ended, kept for their processes."""

from typing import Any

import numpy as np

from montauk_tui.collectors.kernel.log import Records
from montauk_tui.collectors.kernel.records import TASK
from montauk_tui.collectors.kernel.run_delay import Waits
from montauk_tui.collectors.kernel.snapshot import to_table
from montauk_tui.model.schema import Need


def tasks(*rows: dict[str, Any]) -> Records:
    made = np.zeros(len(rows), dtype=TASK)
    for record, row in zip(made, rows, strict=True):
        for name, value in {"tgid": row["pid"], **row}.items():
            record[name] = value
    return made


def waited(waits: Waits, *rows: dict[str, Any]) -> dict[int, int]:
    """Return by pid what a snapshot of threads makes known."""
    made = tasks(*rows)
    table = waits.added(to_table(made, 100, Need.WAIT | Need.THREADS), made)
    return dict(zip(table.pid.tolist(), table.run_delay_ns.tolist(), strict=True))


LEADER = {"pid": 5, "start_ns": 10, "run_delay_ns": 100}
THREAD = {"pid": 8, "tgid": 5, "start_ns": 20, "run_delay_ns": 7}


def test_what_a_thread_waited_stays_when_it_ends() -> None:
    waits = Waits()
    assert waited(waits, LEADER, THREAD) == {5: 107, 8: 7}
    assert waited(waits, LEADER) == {5: 107}
    assert waited(waits, {**LEADER, "run_delay_ns": 110}) == {5: 117}


def test_a_thread_that_took_the_pid_over_is_another() -> None:
    waits = Waits()
    waited(waits, LEADER, THREAD)
    other = {**THREAD, "start_ns": 30, "run_delay_ns": 1}
    assert waited(waits, LEADER, other) == {5: 108, 8: 1}


def test_a_process_that_took_the_pid_over_inherits_nothing() -> None:
    waits = Waits()
    waited(waits, LEADER, THREAD)
    waited(waits, LEADER)
    other = {"pid": 5, "start_ns": 50, "run_delay_ns": 2}
    assert waited(waits, other) == {5: 2}
    waited(waits, LEADER, THREAD)
    assert waited(waits, {"pid": 5, "start_ns": 50, "run_delay_ns": 2}) == {5: 2}


def test_a_thread_whose_leader_was_never_seen_counts_for_nobody() -> None:
    waits = Waits()
    waited(waits, {"pid": 1}, THREAD)
    assert waited(waits, {"pid": 1}, LEADER) == {1: 0, 5: 100}


def test_what_ends_unseen_is_forgotten() -> None:
    waits = Waits()
    waited(waits, LEADER, THREAD)
    waits.forget()
    assert waited(waits, LEADER) == {5: 100}
