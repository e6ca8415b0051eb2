"""The whole monitor on a recording of this machine, which nothing may be read of."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from montauk_tui.collectors.procfs.collector import TraditionalCollector
from montauk_tui.collectors.registry import Opened
from montauk_tui.config import Settings
from montauk_tui.errors import CollectorFailed, RecordingEnded
from montauk_tui.export import commands
from montauk_tui.host.recorded import RecordedHost
from montauk_tui.host.recording import RecordingHost
from montauk_tui.model.outcome import Outcome
from montauk_tui.model.recording import Recording
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import Need
from montauk_tui.ui.screens.details import DetailsScreen
from tests.support.children import child
from tests.support.monitor import Monitor, make_app, running
from tests.support.no_machine import NoMachine

WIDE = (200, 50)


OWN = Settings(filter=f"ppid = {os.getpid()} and name = sleep", timeline="off")
"""Shows few processes, so that the table need not scroll; and no other times."""


@pytest.fixture
def marked() -> Iterator[Identity]:
    """A process with arguments that no other has, among others."""
    with ExitStack() as others:
        for _ in range(5):
            others.enter_context(child("sleep", "601"))
        with child("sleep", "600", f"{os.getpid()}.25") as (_, identity):
            yield identity


def recording_host() -> RecordingHost:
    collector = TraditionalCollector()
    collector.open()
    return RecordingHost(Opened(collector))


def unmarked(screen: str) -> list[list[str]]:
    """Return the words of each line, without those that tell the past from now."""
    plain = re.sub(r" RECORDED( \S+){4} ", " ", screen)
    plain = re.sub(r"─+ (now|\d\d:\d\d:\d\d) ─", "─ end ─", plain)
    plain = re.sub(r"\b(\d+ s) (ago|before)\b", r"\1", plain)
    return [line.split() for line in plain.split("\n")]


async def walk(monitor: Monitor, whom: Identity) -> list[str]:
    """Look at one process in many ways; return each screen."""
    screens = []

    def look() -> None:
        # The status line names the collector.
        screens.append("\n".join(monitor.lines[:-2]))

    await monitor.select(monitor.shown_pids.index(whom.pid))
    look()
    await monitor.press("t")
    look()
    await monitor.press("t")
    before = monitor.frame.seq
    # I/O takes a sample at once, and another soon.
    await monitor.press("tab")
    await monitor.until(lambda: monitor.frame.seq >= before + 2)
    await monitor.settle()
    look()
    await monitor.press("shift+tab")
    await monitor.sample()
    look()
    await monitor.press("enter")
    await details_of(monitor)
    look()
    for key in ("l", "e", "w"):
        await monitor.press(key)
        look()
    await monitor.press("escape")
    look()
    return screens


async def details_of(monitor: Monitor) -> DetailsScreen:
    """Wait for the details that are being read."""
    screen = monitor.app.screen
    assert isinstance(screen, DetailsScreen)
    await monitor.until(lambda: screen.details is not None)
    await monitor.settle()
    return screen


async def recorded(whom: Identity) -> tuple[Recording, list[str]]:
    host = recording_host()
    async with running(make_app(settings=OWN, host=host), WIDE) as monitor:
        screens = await walk(monitor, whom)
    return host.recording(), screens


async def test_every_screen_of_a_replay_is_that_of_the_recorded_monitor(
    marked: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Table, tree, tab, panel, details, files, environment, arguments."""
    recording, live = await recorded(marked)
    with monkeypatch.context() as patch:
        machine = NoMachine(patch)
        app = make_app(settings=OWN, host=RecordedHost(recording))
        async with running(app, WIDE) as monitor:
            replayed = await walk(monitor, marked)
    assert machine.touched == []
    for before, now in zip(live, replayed, strict=True):
        assert unmarked(now) == unmarked(before)
    assert f"{os.getpid()}.25" in live[0]
    assert "Environment" in live[-3]
    assert "Command" in live[-2]


def test_a_live_host_would_be_noticed(
    marked: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or else the tests of this file could not fail."""
    host = recording_host()
    lookups = host.next_frame(Need.NONE).lookups
    with monkeypatch.context() as patch:
        machine = NoMachine(patch)
        with pytest.raises(CollectorFailed):
            host.next_frame(Need.NONE)
        assert lookups.details(marked) is None
        assert host.actions.send_signal(marked, 0).outcome is not Outcome.DONE
    assert "listdir an open folder" in machine.touched
    assert f"open /proc/{marked.pid}" in machine.touched
    assert "readlink /proc/self" in machine.touched
    host.close()


async def test_what_nobody_looked_at_is_not_recorded(marked: Identity) -> None:
    host = recording_host()
    for _ in range(3):
        host.next_frame(Need.NONE)
    async with running(make_app(host=RecordedHost(host.recording())), WIDE) as monitor:
        await monitor.select(monitor.shown_pids.index(marked.pid))
        await monitor.press("enter")
        await details_of(monitor)
        assert f"sleep 600 {os.getpid()}.25" in monitor.text
        assert monitor.text.count("Not recorded") == 1
        for key, title in (("l", "Open files"), ("e", "Environment")):
            await monitor.press(key)
            at = next(at for at, it in enumerate(monitor.lines) if title in it)
            assert "Not recorded" in monitor.lines[at - 1]
            assert not any(it.strip() == title for it in monitor.lines)
        await monitor.press("w")
        arguments = monitor.text.partition("Command line")[2].split("\n")[1:4]
        assert [line.split() for line in arguments] == [
            ["0", "sleep"], ["1", "600"], ["2", f"{os.getpid()}.25"],
        ]  # fmt: skip


async def test_details_read_before_say_how_old_they_are(marked: Identity) -> None:
    host = recording_host()
    lookups = host.next_frame(Need.NONE).lookups
    read = lookups.details(marked)
    host.next_frame(Need.NONE)
    assert read is not None
    first, second = host.recording().moments
    later_s = read.monotonic_s + 75.0
    later = replace(second, sample=replace(second.sample, monotonic_s=later_s))
    again = replace(later, sample=replace(later.sample, monotonic_s=later_s + 1.0))
    recording = Recording((first, later, again))
    async with running(make_app(host=RecordedHost(recording)), WIDE) as monitor:
        await monitor.sample()
        await monitor.select(monitor.shown_pids.index(marked.pid))
        await monitor.press("enter")
        screen = await details_of(monitor)
        assert screen.details is not None
        assert screen.details.monotonic_s == read.monotonic_s
        assert "read 1m16s earlier" in monitor.lines[0]
        assert "Not recorded" not in monitor.text


async def test_at_its_end_the_last_sample_stays(marked: Identity) -> None:
    host = recording_host()
    for _ in range(3):
        host.next_frame(Need.NONE)
    async with running(make_app(host=RecordedHost(host.recording())), WIDE) as monitor:
        await monitor.sample()
        assert "replay (traditional, sample 3 of 3)" in monitor.lines[-2]
        assert "F6 Sort" in monitor.lines[-1]
        assert "Kill" not in monitor.lines[-1]
        before = monitor.frame
        await monitor.press("ctrl+l", "ctrl+l")
        # What a frame needs is asked for again: I/O, which was not recorded.
        await monitor.press("tab")
        assert monitor.frame is before
        await monitor.press("shift+tab", "t")
        assert marked.pid in monitor.shown_pids
        await monitor.press("q")
    assert monitor.app.failure is None


@pytest.mark.parametrize(
    "options", [Settings(), Settings(filter="state = s", sort="pid")]
)
def test_json_of_a_replay_has_the_processes_of_the_recorded_one(
    options: Settings, monkeypatch: pytest.MonkeyPatch, marked: Identity
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(commands, "write_stdout", lines.append)
    settings = replace(options, interval_s=0.1)
    host = recording_host()
    commands.json_lines(lambda: host, settings, 3, None)
    live, recording = [*map(json.loads, lines)], host.recording()
    lines.clear()
    with monkeypatch.context() as patch:
        machine = NoMachine(patch)
        patch.setattr(commands, "time", None)
        # Without a number it ends with the recording, and nothing is waited for.
        commands.json_lines(lambda: RecordedHost(recording), settings, None, None)
    assert machine.touched == []
    replayed = [*map(json.loads, lines)]
    assert [one.pop("collector")["name"] for one in live] == ["traditional"] * 3
    collectors = [one.pop("collector") for one in replayed]
    assert [one["detail"] for one in collectors] == [
        f"traditional, sample {number} of 4" for number in (2, 3, 4)
    ]
    assert replayed == live
    assert any(marked.pid == one["pid"] for one in live[0]["processes"])


def test_once_prints_the_second_sample(
    monkeypatch: pytest.MonkeyPatch, marked: Identity
) -> None:
    texts: list[str] = []
    monkeypatch.setattr(commands, "write_stdout", texts.append)
    host = recording_host()
    commands.tables(lambda: host, Settings(interval_s=0.1), 1, None)
    recording = host.recording()
    with monkeypatch.context() as patch:
        machine = NoMachine(patch)
        commands.tables(lambda: RecordedHost(recording), Settings(), 1, None)
    assert machine.touched == []
    live, replayed = (text.splitlines() for text in texts)
    assert live[:1] + live[2:] == replayed[:1] + replayed[2:]
    assert replayed[1].endswith("collector replay (traditional, sample 2 of 2)")
    assert f"sleep 600 {os.getpid()}.25" in texts[0]
    assert str(marked.pid) in texts[0]


def test_a_recording_of_one_sample_has_no_rates_to_print() -> None:
    host = recording_host()
    host.next_frame(Need.NONE)
    one = host.recording()
    with pytest.raises(RecordingEnded, match="ends after sample 1"):
        commands.json_lines(lambda: RecordedHost(one), Settings(), None, None)
