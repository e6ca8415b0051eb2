"""Recording that a key turns on and off."""

import time
from pathlib import Path

import pytest

from montauk_tui.cli.recording_switch import RecordingSwitch
from montauk_tui.errors import MontaukError
from montauk_tui.host.local import LocalHost
from montauk_tui.model.frame import RECORDING
from montauk_tui.model.schema import Need
from tests.support.builders import make_sample
from tests.support.monitor import make_app, running
from tests.support.recordings import read
from tests.support.replay import opened_replay


def host(switch: RecordingSwitch) -> LocalHost:
    # Those of long ago would be removed, as of more than a week.
    now_s = time.time()
    samples = [
        make_sample([{"pid": 1}], after_s=at, time_s=now_s + at) for at in (0.0, 1.0)
    ]
    made = LocalHost(opened_replay(samples))
    made.record, made.turn_recording = switch.take, switch.turn
    return made


def test_what_is_sampled_while_it_is_on_is_recorded(tmp_path: Path) -> None:
    switch = RecordingSwitch(str(tmp_path / "it"))
    machine = host(switch)
    assert machine.next_frame(Need.NONE).recording == ""
    assert switch.turn().startswith("recording to ")
    assert machine.next_frame(Need.NONE).recording == RECORDING
    assert machine.next_frame(Need.NONE).recording == RECORDING
    assert switch.turn().startswith("2 samples recorded in ")
    assert machine.next_frame(Need.NONE).recording == ""
    assert len(read(tmp_path / "it")) == 2
    assert switch.close() == 0


def test_it_can_be_turned_on_again(tmp_path: Path) -> None:
    switch = RecordingSwitch(str(tmp_path / "it"))
    machine = host(switch)
    for _ in range(2):
        switch.turn()
        machine.next_frame(Need.NONE)
        switch.turn()
    assert len(read(tmp_path / "it")) == 2


async def test_a_key_turns_it_on_and_off(tmp_path: Path) -> None:
    switch = RecordingSwitch(str(tmp_path / "it"))
    async with running(make_app(host=host(switch))) as monitor:
        await monitor.press("ctrl+r")
        assert "recording to " in monitor.text
        await monitor.sample()
        assert monitor.frame.recording == RECORDING
        await monitor.press("ctrl+r")
        assert " recorded in " in monitor.text
    assert len(read(tmp_path / "it")) >= 1


async def test_a_folder_that_cannot_take_it_is_refused_in_one_line(
    tmp_path: Path,
) -> None:
    (tmp_path / "it").write_text("no folder")
    switch = RecordingSwitch(str(tmp_path / "it"))
    with pytest.raises(MontaukError):
        switch.turn()
    async with running(make_app(host=host(switch)), (200, 30)) as monitor:
        await monitor.press("ctrl+r")
        assert "File exists" in monitor.text
