"""Threads that run before others, as far as that is permitted."""

import os
from unittest.mock import Mock

import pytest

from montauk_tui.collectors.urgency import hasten

NOT_PERMITTED = PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize("thread", [0, 77])
@pytest.mark.parametrize("is_permitted", [True, False])
def test_what_it_asks_for(
    monkeypatch: pytest.MonkeyPatch, thread: int, *, is_permitted: bool
) -> None:
    policy, nice = Mock(), Mock(side_effect=NOT_PERMITTED)
    policy.side_effect = None if is_permitted else NOT_PERMITTED
    monkeypatch.setattr(os, "sched_setscheduler", policy)
    monkeypatch.setattr(os, "setpriority", nice)
    hasten(thread)
    asked, which, param = policy.call_args.args
    assert (asked, which) == (thread, os.SCHED_RR | os.SCHED_RESET_ON_FORK)
    assert param.sched_priority == 1
    wanted = [] if is_permitted else [(os.PRIO_PROCESS, thread, -10)]
    assert [call.args for call in nice.call_args_list] == wanted
