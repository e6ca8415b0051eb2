"""The selection: a process, not a line; and PIDs that are typed."""

import time
from types import SimpleNamespace

import pytest

from montauk_tui.session import finding
from tests.support.crowd import COUNT, crowd, replay
from tests.support.desk import Desk


def at(desk: Desk) -> tuple[int, int | None]:
    """Return where the selection is, and on which process."""
    return desk.session.selection.position, desk.current_pid


def type_digits(desk: Desk, digits: str) -> None:
    desk.run(*(f"type_digit('{digit}')" for digit in digits))


def test_a_pid_that_is_used_again_is_another_process() -> None:
    later = crowd(2.0)
    for row in later["rows"]:
        if row["pid"] == 103:
            row.update(start_ticks=4_999_999, utime=0)
    desk = Desk(replay(later))
    desk.run("sort('pid')", *["move(1)"] * 3)
    assert desk.current_pid == 103
    before = desk.session.selection.row
    desk.sample()
    assert desk.session.selection.position == 3
    assert desk.session.selection.row != before


def test_where_its_process_ends_the_selection_keeps_its_place() -> None:
    desk = Desk(replay(crowd(2.0, without=103)))
    desk.run("sort('pid')", *["move(1)"] * 3)
    desk.sample()
    assert 103 not in desk.shown_pids
    assert at(desk) == (3, 104)
    desk.run("invert")
    assert desk.current_pid == 104


def test_where_the_last_process_ends_the_one_above_is_selected() -> None:
    desk = Desk(replay(crowd(2.0, without=159)))
    desk.run("sort('pid')", "last")
    desk.sample()
    assert at(desk) == (COUNT - 2, 158)


def test_it_rests_on_the_first_row_until_another_is_chosen() -> None:
    desk = Desk(replay())
    assert desk.session.selection.row is None
    desk.run("sort('pid')", "invert")
    assert at(desk) == (0, 159)
    desk.run("move(1)", "invert")
    assert at(desk) == (COUNT - 2, 158)
    desk.run("first", "invert")
    assert desk.session.selection.row is None
    assert at(desk) == (0, 159)


def test_no_move_leaves_the_rows() -> None:
    desk = Desk(replay())
    for action, position in (
        ("move(-1)", 0), ("move(2)", 2), ("last", COUNT - 1), ("move(1)", COUNT - 1),
        ("move_page(1)", COUNT - 1), ("first", 0), ("move_page(-1)", 0),
        (f"select({COUNT + 5})", COUNT - 1), ("select(-3)", 0),
    ):  # fmt: skip
        desk.run(action)
        assert desk.session.selection.position == position, action


def test_what_is_chosen_again_is_scrolled_to_again() -> None:
    desk = Desk(replay())
    before = desk.session.selection
    desk.run("first")
    assert desk.session.selection != before
    before = desk.session.selection
    desk.sample()
    assert desk.session.selection == before


def test_a_pid_that_does_not_exist_moves_nothing() -> None:
    desk = Desk(replay())
    desk.run("move(1)")
    type_digits(desk, "99999999999999999999999")
    assert desk.current_pid == 101
    assert desk.session.pid_search.shown.endswith(": no such process")


@pytest.mark.parametrize(("action", "origin"), [("first", 100), ("last", 159)])
def test_from_one_with_the_first_digits_the_selection_goes_back(
    action: str, origin: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = time.monotonic()
    clock = SimpleNamespace(monotonic=lambda: now_s)
    monkeypatch.setattr(finding, "time", clock)
    desk = Desk(replay())
    desk.run(action)
    type_digits(desk, "120")
    assert desk.current_pid == 120
    type_digits(desk, "1")
    assert desk.current_pid == origin
    assert (desk.session.selection.row is None) == (action == "first")
    desk.run("forget_pid")
    assert desk.session.pid_search.text == "1201"
    now_s += 10.0
    desk.run("forget_pid")
    assert not desk.session.pid_search.shown
    type_digits(desk, "120")
    assert desk.current_pid == 120
