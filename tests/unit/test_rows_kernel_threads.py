"""Exited kernel threads, hidden and shown with those that live."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.projection import View, project
from montauk_tui.engine.rows.exited import exited_only, with_exited
from montauk_tui.model.schema import PF_KTHREAD
from tests.support.builders import Row
from tests.support.listing import LIVING, Life, end

KTHREADD: Row = {"pid": 2, "ppid": 0, "flags": PF_KTHREAD, "comm": b"kthreadd"}


def kernel_rows(rows: Sequence[Row], ends: Sequence[Row]) -> list[bool]:
    """Return which of those that ended count as kernel threads."""
    table = exited_only(Life(rows).at(1.0, ends)).sample.processes
    return list(table.is_kernel.tolist())


def test_who_ended_with_kthreadd_as_parent_and_without_a_program_is_one() -> None:
    kworker = end(300, b"kworker/0:1", ppid=2)
    helper = end(301, b"modprobe", ppid=2, cmdline=b"/sbin/modprobe\0-q\0")
    usual = end(302, b"sh", ppid=10)
    rows = [*LIVING[:1], KTHREADD, *LIVING[1:]]
    # The last that ended comes first.
    assert kernel_rows(rows, [kworker, helper, usual]) == [False, False, True]


@pytest.mark.parametrize("values", [{"ppid": 1}, {"pid": 3}])
def test_in_a_pid_namespace_no_process_is_kthreadd(values: dict[str, int]) -> None:
    rows = [*LIVING[:1], {**KTHREADD, **values}, *LIVING[1:]]
    assert kernel_rows(rows, [end(300, b"sh", ppid=2)]) == [False]


def test_they_are_hidden_with_the_others_alone_and_in_a_row_of_many() -> None:
    rows = [*LIVING[:1], KTHREADD, *LIVING[1:]]
    one = [end(300, b"kworker/0:1", ppid=2)]
    many = [end(310 + at, b"kworker/1:0", ppid=2) for at in range(3)]
    helpers = [end(320, b"modprobe", ppid=2)] + [
        end(321 + at, b"modprobe", ppid=2, cmdline=b"modprobe\0") for at in range(2)
    ]
    frame = with_exited(Life(rows).at(1.0, one + many + helpers), 5.0, frozenset())
    view = View(COLUMNS["pid"], descending=False)
    hidden = project(frame, view)
    shown = project(frame, replace(view, kernel_threads=True))
    names = frame.sample.processes.comm
    assert b"modprobe" in names[hidden.rows]
    assert not {b"kworker/0:1", b"kworker/1:0"} & set(names[hidden.rows].tolist())
    assert len(shown.rows) - len(hidden.rows) == 3
    assert hidden.hidden_kernel_threads == 3
