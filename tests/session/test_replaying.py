"""Other times: what the keys ask for."""

from dataclasses import replace

import pytest

from montauk_tui.collectors.registry import Opened
from montauk_tui.config import Settings
from montauk_tui.host.base import Place
from montauk_tui.host.remembering import RememberingHost
from montauk_tui.model.frame import RECORDING
from montauk_tui.model.recording import Mark
from montauk_tui.model.schema import Need
from montauk_tui.pipeline.frames import FrameSource
from montauk_tui.session.choices import Pace
from montauk_tui.session.effects import (
    Ask,
    Choose,
    EndAsking,
    GoTo,
    Say,
    TurnRecording,
)
from tests.session.test_recording import recorded
from tests.support.builders import Row, make_frame, make_sample
from tests.support.desk import Desk
from tests.support.replay import opened_replay
from tests.support.scenes import scene_collector

ASKED = [
    ("go(-1)", Place(samples=-1)),
    ("go_s(60)", Place(seconds=60)),
    ("go_to(5.0)", Place(wall_s=5.0)),
    ("go_end(-1)", Place(seconds=-1e12)),
]


def remembering() -> RememberingHost:
    collector = scene_collector()
    collector.open()
    return RememberingHost(Opened(collector, ()), 900.0, 1 << 24)


@pytest.mark.parametrize(("action", "place"), ASKED)
def test_a_recording_pauses_where_one_goes(action: str, place: Place) -> None:
    desk = Desk(host=recorded())
    desk.run(action)
    assert desk.effects == (GoTo(place),)
    assert desk.session.choices.paused


@pytest.mark.parametrize(("action", "place"), ASKED)
def test_a_live_machine_goes_on_meanwhile(action: str, place: Place) -> None:
    desk = Desk(host=remembering())
    desk.run(action)
    assert desk.effects == (GoTo(place),)
    assert not desk.session.choices.paused


def test_a_time_is_asked_for() -> None:
    desk = Desk(host=recorded())
    desk.run("ask_time")
    (asked,) = desk.effects
    assert isinstance(asked, Ask)
    assert asked.kind == "time"
    desk.run("prompt_ended('time', '-90s', True)")
    assert desk.effects[-2:] == (EndAsking(), GoTo(Place(time="-90s")))


@pytest.mark.parametrize("answer", ["('time', '-90s', False)", "('time', ' ', True)"])
def test_without_an_answer_nothing_changes(answer: str) -> None:
    desk = Desk(host=recorded())
    desk.run(f"prompt_ended{answer}")
    assert desk.effects == (EndAsking(),)
    assert not desk.session.choices.paused


@pytest.mark.parametrize("action", ["go(1)", "go_s(60)", "ask_time", "go_end(1)"])
def test_what_is_not_remembered_cannot_be_gone_to(action: str) -> None:
    desk = Desk()
    desk.run(action)
    assert desk.said == "nothing is remembered: the setting remember is 0"


def in_past() -> Desk:
    desk = Desk(host=remembering())
    desk.sample()
    desk.draw(replace(desk.frame, ago_s=3.0, is_recorded=True))
    return desk


@pytest.mark.parametrize("action", ["kill", "nice(1)", "affinity", "trace"])
def test_processes_of_the_past_cannot_be_changed(action: str) -> None:
    desk = in_past()
    assert not desk.session.can_act
    desk.run(action)
    assert desk.said == "this is the past: Esc returns to now"


def test_escape_returns_to_now_and_keeps_the_filter() -> None:
    desk = in_past()
    desk.session = desk.session.apply(
        choices=desk.session.choices.with_filter("pid > 0")
    )
    desk.run("cancel")
    assert desk.effects == (GoTo(Place(seconds=1e12)),)
    assert desk.session.choices.filter_text == "pid > 0"


def test_tags_and_the_followed_process_stay_while_others_run() -> None:
    desk = Desk(host=remembering())
    desk.sample()
    desk.run("follow", "tag")
    before = desk.session.choices
    assert before.tags
    frame = FrameSource(opened_replay([make_sample([{"pid": 999_999}])])).next_frame(
        Need.NONE
    )
    desk.draw(replace(frame, ago_s=3.0, is_recorded=True))
    assert desk.session.choices.tags == before.tags
    assert "has exited" not in desk.said


@pytest.mark.parametrize(
    ("setting", "height", "then"),
    [("auto", 40, "off"), ("auto", 39, "on"), ("on", 24, "off"), ("off", 60, "on")],
)
def test_the_timeline_is_shown_or_hidden(setting: str, height: int, then: str) -> None:
    desk = Desk(settings=Settings(timeline=setting))
    desk.session = replace(desk.session, screen_lines=height)
    desk.run("timeline")
    assert desk.session.choices.timeline == then
    assert desk.session.settings_now.timeline == then


def test_a_sum_goes_from_the_begin_that_was_marked() -> None:
    desk = Desk(host=recorded())
    desk.run("sum_up")
    assert desk.said == "no begin is marked: ( marks one"
    desk.run("mark_begin")
    assert desk.said.startswith("a sum begins at ")
    desk.run("sum_up")
    since_s = desk.frame.sample.time_s
    assert desk.effects == (Say("", "information"), GoTo(Place(since_s=since_s)))


def test_a_search_offers_both_directions_and_the_last_one_first() -> None:
    desk = Desk(host=recorded())
    desk.run("seek")
    (offered,) = desk.effects
    assert isinstance(offered, Choose)
    assert offered.current == "previous-exit"
    assert [choice.title for choice in offered.choices][::6] == [
        "previous exit", "next exit"
    ]  # fmt: skip
    desk.answer("next-failure")
    (effect,) = desk.effects
    assert isinstance(effect, GoTo)
    assert effect.place.samples == 1
    assert effect.place.sought is not None
    assert effect.place.sought.mark == Mark.FAILED
    desk.run("seek")
    (offered,) = desk.effects
    assert isinstance(offered, Choose)
    assert offered.current == "next-failure"


def test_a_search_looks_for_what_the_filter_shows() -> None:
    desk = Desk(host=recorded())
    desk.session = desk.session.apply(
        choices=desk.session.choices.with_filter("nobody-has-this-name")
    )
    desk.run("seek")
    desk.answer("previous-exit")
    (effect,) = desk.effects
    assert isinstance(effect, GoTo)
    sought = effect.place.sought
    assert sought is not None
    assert sought.name == "exit that matches"
    assert sought.matches is not None
    assert not sought.matches(desk.frame)


def test_speeds_come_in_turn_and_play() -> None:
    desk = Desk(host=recorded())
    desk.run("go(-1)")
    paces = []
    for _ in range(3):
        desk.run("speed")
        assert not desk.session.choices.paused
        paces.append(desk.session.choices.pace)
    assert paces == [Pace(0.1, 1), Pace(0.1, 6), Pace(1.0, 1)]
    live = Desk(host=remembering())
    live.run("speed")
    assert live.said == "only a recording plays: this is live"


def test_a_short_interval_is_no_reason_to_leave_moments_out() -> None:
    desk = Desk(settings=Settings(interval_s=0.05))
    assert desk.session.choices.pace == Pace(0.05, 1)


def test_recording_is_turned_by_the_screen() -> None:
    desk = Desk()
    desk.run("record")
    assert desk.effects == (TurnRecording(),)


def test_threads_that_were_not_recorded_are_missed_in_words() -> None:
    desk = Desk()
    frame = replace(make_frame(None, make_sample([{"pid": 7}])), is_recorded=True)
    desk.draw(frame)
    desk.run("user_threads")
    assert desk.session.choices.user_threads
    assert desk.said == "threads are shown where they were recorded"
    desk.run("user_threads")
    assert desk.effects == ()
    rows: list[Row] = [{"pid": 7}, {"pid": 8, "tgid": 7}]
    desk.draw(replace(make_frame(None, make_sample(rows)), is_recorded=True))
    desk.run("user_threads")
    assert desk.effects == ()


def test_read_only_begins_no_recording_but_ends_one() -> None:
    desk = Desk(settings=Settings(read_only=True))
    desk.run("record")
    assert TurnRecording() not in desk.effects
    assert desk.said == "read-only mode: nothing is recorded"
    desk.draw(replace(desk.frame, recording=RECORDING))
    desk.run("record")
    assert desk.effects == (TurnRecording(),)
