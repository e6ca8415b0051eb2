"""Words for the time that a frame shows, and what a past moment says of time."""

import math
import os
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from montauk_tui.engine.details import ProcessHistory
from montauk_tui.engine.past import (
    before_text,
    end_text,
    past_text,
    paused_text,
    shown_text,
)
from montauk_tui.engine.rows.exited import exited_one
from montauk_tui.engine.summary.graphs import ends_of
from montauk_tui.engine.summary.items import Fact, Graph
from montauk_tui.engine.summary.subject import summarize
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import Identity
from tests.support.builders import BOOT_S, TIME_S, USER_HZ, make_frame, make_sample
from tests.support.listing import Life, end

WHOSE = Identity(7, int(BOOT_S - 20) * USER_HZ)


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    if before is None:
        monkeypatch.delenv("TZ")
    else:
        monkeypatch.setenv("TZ", before)
    time.tzset()


def frame_of(after_s: float = 0.0) -> Frame:
    row = {"pid": 7, "start_ticks": WHOSE.start_ticks, "rss_bytes": 1 << 20}
    return make_frame(None, make_sample([row], after_s=after_s))


def past(frame: Frame, ago_s: float | None = 10.0) -> Frame:
    return replace(frame, is_recorded=True, ago_s=ago_s, interval_s=1.0)


def test_the_present_has_no_time() -> None:
    assert past_text(frame_of()) == shown_text(frame_of()) == ""
    assert end_text(frame_of()) == "now"
    assert before_text(frame_of(), 3.0) == "3 s ago"


def test_a_moment_of_the_past_says_which_one_it_is() -> None:
    frame = past(frame_of())
    assert shown_text(frame) == "PAST Wed 18 Nov 11:06:40"
    assert past_text(frame) == "PAST Wed 18 Nov 11:06:40 over 1.0 s, 10 s ago; Esc: now"
    assert end_text(frame) == "11:06:40"
    assert before_text(frame, 3_600.0) == "01:00:00 before"
    first = replace(past(frame_of(), 0.0), interval_s=None)
    assert past_text(first) == "PAST Wed 18 Nov 11:06:40; Esc: now"


def test_a_screen_that_stands_still_says_since_when() -> None:
    assert paused_text(frame_of()) == "PAUSED 11:06:40"
    # What the past says already is not said twice.
    assert paused_text(past(frame_of())) == "PAUSED"


def test_a_recording_has_no_way_back_to_now() -> None:
    frame = past(frame_of(), None)
    assert past_text(frame) == shown_text(frame) == "RECORDED Wed 18 Nov 11:06:40"


def test_a_sum_has_both_its_ends() -> None:
    frame = replace(past(frame_of()), since_s=TIME_S - 90)
    assert shown_text(frame) == "SUM Wed 18 Nov 11:05:10 to 11:06:40"
    assert past_text(frame).endswith(" to 11:06:40, 1m30s, 10 s ago; Esc: now")
    recorded = replace(frame, ago_s=None)
    assert past_text(recorded).endswith(" to 11:06:40, 1m30s")


def test_the_ends_of_a_graph_are_times_of_what_is_shown() -> None:
    assert ends_of(frame_of()) == ("60 s ago", "now")
    assert ends_of(past(frame_of())) == ("60 s before", "11:06:40")
    assert ends_of(frame_of(), is_over=True) == ("60 s before", "11:06:40")


@pytest.mark.parametrize("is_past", [False, True])
def test_a_summary_counts_from_the_time_that_is_shown(is_past: bool) -> None:  # noqa: FBT001 - of a parameter
    frame = past(frame_of()) if is_past else frame_of()
    groups = summarize(frame, 0, machine_scale=False).groups
    items = [item for group in groups for item in group]
    facts = {item.label: item.text for item in items if isinstance(item, Fact)}
    ends = {(it.begin, it.end) for it in items if isinstance(it, Graph)}
    assert facts["Started"] == f"11:06:20, 20 s {'before' if is_past else 'ago'}"
    assert ends == {("60 s before", "11:06:40") if is_past else ("60 s ago", "now")}


def test_so_does_that_of_an_exited_process() -> None:
    frame = past(Life().at(1.0, [end(100)]))
    listed = frame.history.exited[-1]
    assert len(listed.exits) == 1
    history = ProcessHistory(Identity(100, int(listed.exits.start_ticks[0])))
    assert not history.take_frame(frame)
    assert history.graphs(0)[0].begin == "60 s before"


def test_a_moment_that_is_shown_again_counts_once_and_a_later_one_too() -> None:
    history = ProcessHistory(WHOSE)
    for seq in range(3):
        assert history.take_frame(replace(past(frame_of()), seq=seq))
    assert list(history.rss_bytes) == [1 << 20]
    assert history.take_frame(past(frame_of(1.0)))
    assert len(history.rss_bytes) == 2
    assert history.graphs(0)[1].end == "11:06:41"


def test_the_graph_of_one_that_exited_ends_when_it_was_there_last() -> None:
    history = ProcessHistory(WHOSE)
    history.take_frame(frame_of())
    assert history.graphs(0)[1].end == "now"
    assert not history.take_frame(make_frame(None, make_sample([], after_s=5.0)))
    assert (history.graphs(0)[1].begin, history.graphs(0)[1].end) == (
        "60 s before", "11:06:40"
    )  # fmt: skip
    assert not any(map(math.isnan, history.rss_bytes))


def test_a_sum_has_no_history_but_its_mean() -> None:
    frame = replace(past(frame_of()), since_s=TIME_S - 60)
    items = [
        item
        for group in summarize(frame, 0, machine_scale=True).groups
        for item in group
    ]
    assert not [item for item in items if isinstance(item, Graph)]
    facts = {item.label: item.text for item in items if isinstance(item, Fact)}
    assert facts["CPU%"] == "- on average"
    assert facts["Memory"] == "1.0M, 0.0 % at its end"
    history = ProcessHistory(WHOSE)
    assert history.take_frame(frame)
    assert not history.rss_bytes
    exited = replace(Life().at(1.0, [end(100)]), since_s=TIME_S - 60)
    listed = exited_one(exited, Identity(100, 10_000_100))
    assert listed is not None
    groups = summarize(listed, 0, machine_scale=False).groups
    assert groups[-1] == ()
