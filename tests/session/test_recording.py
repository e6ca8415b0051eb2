"""A recording in the session: processes are shown, and nothing is done to them."""

import pytest

from montauk_tui.errors import CollectorUnavailable, RecordingEnded
from montauk_tui.host.recorded import RecordedHost
from montauk_tui.model.recording import Answers, Moment, Recording
from montauk_tui.model.schema import Need
from tests.support.desk import Desk
from tests.support.scenes import build_scene


def recorded() -> RecordedHost:
    answers = Answers(users={0: "root"})
    moments = tuple(Moment(sample, answers, "kernel") for sample in build_scene())
    return RecordedHost(Recording(moments))


@pytest.mark.parametrize(
    "action",
    ["kill", "nice(1)", "autogroup_nice(1)", "io_priority", "affinity", "policy",
     "trace", "backtrace"],
)  # fmt: skip
def test_every_action_on_a_process_is_refused_with_the_reason(action: str) -> None:
    desk = Desk(host=recorded())
    desk.run(action)
    assert desk.said == "this is a recording: its processes cannot be changed"
    assert len(desk.effects) == 1


def test_a_recording_has_frames_and_look_ups_like_any_host() -> None:
    host = recorded()
    first, second = host.next_frame(Need.NONE), host.next_frame(Need.NONE)
    host.close()
    assert first.interval_s is None
    assert second.interval_s == 1.0
    assert second.ledger is not None
    assert second.lookups.user(0) == "root"
    assert second.lookups.user(7) == "7"


def test_a_frame_says_from_where_it_is_and_how_much_follows() -> None:
    host = recorded()
    host.next_frame(Need.NONE)
    collector = host.next_frame(Need.NONE).collector
    assert (collector.name, collector.detail) == ("replay", "kernel, sample 2 of 2")


def test_after_the_last_sample_it_has_ended() -> None:
    host = recorded()
    for _ in range(2):
        host.next_frame(Need.NONE)
    for _ in range(2):
        with pytest.raises(RecordingEnded, match="ends after sample 2"):
            host.next_frame(Need.NONE)


def test_a_recording_without_samples_is_refused() -> None:
    with pytest.raises(CollectorUnavailable, match="the recording is empty"):
        RecordedHost(Recording(()))
