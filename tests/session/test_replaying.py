"""Other times of a recording: what the keys ask for."""

import pytest

from montauk_tui.session.effects import Ask, EndAsking, GoTo
from tests.session.test_recording import recorded
from tests.support.desk import Desk


@pytest.mark.parametrize(
    ("action", "place"),
    [("go(-1)", GoTo(samples=-1)), ("go_s(60)", GoTo(seconds=60))],
)
def test_going_pauses(action: str, place: GoTo) -> None:
    desk = Desk(host=recorded())
    desk.run(action)
    assert desk.effects == (place,)
    assert desk.session.choices.paused


def test_a_time_is_asked_for() -> None:
    desk = Desk(host=recorded())
    desk.run("ask_time")
    (asked,) = desk.effects
    assert isinstance(asked, Ask)
    assert asked.kind == "time"
    desk.run("prompt_ended('time', '-90s', True)")
    assert desk.effects[-2:] == (EndAsking(), GoTo(time="-90s"))


@pytest.mark.parametrize("answer", ["('time', '-90s', False)", "('time', ' ', True)"])
def test_without_an_answer_nothing_changes(answer: str) -> None:
    desk = Desk(host=recorded())
    desk.run(f"prompt_ended{answer}")
    assert desk.effects == (EndAsking(),)
    assert not desk.session.choices.paused


@pytest.mark.parametrize("action", ["go(1)", "go_s(60)", "ask_time"])
def test_only_a_recording_has_other_times(action: str) -> None:
    desk = Desk()
    desk.run(action)
    assert desk.said == "only a recording has other times: montauk record makes one"
