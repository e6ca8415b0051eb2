"""Nothing is counted from one boot of a machine to the next."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from montauk_tui.engine.query import EVERYTHING
from montauk_tui.export.events import events
from montauk_tui.host.base import Place, Sought
from montauk_tui.host.recorded import RecordedHost
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Need
from montauk_tui.recorder import writer as writing
from tests.support.builders import TIME_S, make_sample
from tests.support.exits import make_exits
from tests.support.recordings import frames_of, read, write
from tests.support.starts import make_starts


def sample(second: int, boot: int) -> Sample:
    """Return a sample of a kernel thread, which has one identity in each boot."""
    one = make_sample(
        [{"pid": 2, "start_ticks": 5, "utime": 10 * second}], after_s=float(second)
    )
    later_s = 1_000.0 * boot
    return replace(
        one, time_s=one.time_s + later_s, booted_at_s=one.booted_at_s + later_s
    )


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RecordedHost:
    """Return a machine that was up for longer when it was recorded again."""
    for boot, seconds in enumerate((range(3), range(100, 103))):
        whose = {"machine_id": "m", "boot_id": f"{boot}"}
        monkeypatch.setattr(writing, "this_host", lambda whose=whose: whose)
        write(tmp_path / "it", frames_of(sample(at, boot) for at in seconds))
    return RecordedHost(read(tmp_path / "it"))


def test_the_first_sample_of_a_boot_has_no_interval(host: RecordedHost) -> None:
    intervals = [host.next_frame(Need.NONE).interval_s for _ in range(6)]
    assert intervals == [None, 1.0, 1.0, None, 1.0, 1.0]


def test_a_sum_begins_with_the_boot(host: RecordedHost) -> None:
    host.go(Place(samples=6))
    host.past_frame(Need.NONE)
    host.go(Place(since_s=TIME_S))
    frame = host.past_frame(Need.NONE)
    assert frame.interval_s == 2.0
    assert frame.rates.cpu_s.tolist() == pytest.approx([0.2])


def test_a_search_finds_no_use_of_both(host: RecordedHost) -> None:
    host.next_frame(Need.NONE)
    busy = Sought("busy", matches=lambda frame: bool((frame.rates.cpu_s > 1.0).any()))
    host.go(Place(samples=1, sought=busy))
    assert host.past_frame(Need.NONE).remark == "no busy after this"


def test_events_of_a_boot_come_before_those_of_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their clock begins anew; the last of the first may be waiting for others."""
    for boot, seconds in enumerate((range(500, 503), range(5, 8))):
        whose = {"machine_id": "m", "boot_id": f"{boot}"}
        monkeypatch.setattr(writing, "this_host", lambda whose=whose: whose)
        made = []
        for at in seconds:
            one = sample(at, boot)
            ended_ns = int(one.boot_s * 1e9) - 10**8
            exits = make_exits([{"pid": at, "end_ns": ended_ns}])
            until_ns = ended_ns - 10**8
            made.append(
                replace(
                    one, exits=exits, starts=make_starts([]), reported_until_ns=until_ns
                )
            )
        write(tmp_path / "it", frames_of(made))
    recorded = RecordedHost(read(tmp_path / "it"))
    events(lambda _: recorded, EVERYTHING, None, as_json=True)
    lines = map(json.loads, capsys.readouterr().out.splitlines())
    pids = [one["pid"] for one in lines if "pid" in one]
    assert pids == [500, 501, 502, 5, 6, 7]
