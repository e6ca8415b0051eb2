"""The line that says what came of an action."""

import os

import pytest

from montauk_tui.model.outcome import Outcome, Result, not_permitted, summary
from montauk_tui.model.sample import Identity

ONE = Identity(7, 1_000)
USERS = {0: "root", 1000: "ann"}
DONE = Result(ONE, Outcome.DONE)


@pytest.mark.parametrize(
    ("owner", "reason"),
    [
        (None, "needs CAP_KILL"),
        (500, "needs CAP_KILL"),
        (1000, "owned by ann: run as ann or root, or with CAP_KILL"),
        (0, "owned by root: run as root, or with CAP_KILL"),
    ],
)
def test_the_reason_says_who_is_permitted(
    monkeypatch: pytest.MonkeyPatch, owner: int | None, reason: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 500)
    result = not_permitted(ONE, owner, "CAP_KILL")
    assert result.outcome is Outcome.NOT_PERMITTED
    assert result.why(USERS.__getitem__) == reason


@pytest.mark.parametrize(
    ("results", "line"),
    [
        ([DONE], "nice +1 set for PID 7"),
        ([DONE, DONE], "nice +1 set for 2"),
        ([Result(ONE, Outcome.EXITED)] * 2, "nice +1 set for none; 2 had exited"),
        (
            [DONE, not_permitted(ONE, None, "CAP_SYS_NICE")],
            "nice +1 set for 1; 1 not permitted (needs CAP_SYS_NICE)",
        ),
    ],
)
def test_all_results_are_one_line(results: list[Result], line: str) -> None:
    assert summary("nice +1", "set for", results, USERS.__getitem__) == line
