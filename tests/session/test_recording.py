"""A host without actions: processes are shown, and nothing is done to them."""

import pytest

from montauk_tui.collectors.registry import Opened
from montauk_tui.host.recorded import RecordedHost
from montauk_tui.model.schema import Need
from tests.support.desk import Desk
from tests.support.scenes import scene_collector


@pytest.mark.parametrize(
    "action",
    ["kill", "nice(1)", "autogroup_nice(1)", "io_priority", "affinity", "policy",
     "trace", "backtrace"],
)  # fmt: skip
def test_every_action_on_a_process_is_refused_with_the_reason(action: str) -> None:
    collector = scene_collector()
    collector.open()
    host = RecordedHost(Opened(collector, ()))
    desk = Desk(host=host)
    desk.run(action)
    assert desk.said == "this is a recording: its processes cannot be changed"
    assert len(desk.effects) == 1


def test_a_recording_has_frames_and_look_ups_like_any_host() -> None:
    collector = scene_collector()
    collector.open()
    host = RecordedHost(Opened(collector, ()))
    frame = host.next_frame(Need.NONE)
    host.close()
    assert len(frame.sample.processes)
    assert frame.lookups.user(0) == "root"
