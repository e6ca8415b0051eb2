"""The monitor without a terminal, fed by a replay and driven by a test."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any, Final

import pytest
from textual import events
from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver
from textual.geometry import Size
from textual.keys import _character_to_key
from textual.pilot import Pilot

from montauk_tui.collectors.registry import Opened
from montauk_tui.config import Settings
from montauk_tui.host.base import Host
from montauk_tui.host.local import LocalHost
from montauk_tui.model.frame import Frame
from montauk_tui.model.kinds import RowKey
from montauk_tui.model.schema import Need
from montauk_tui.pipeline import sampler as sampler_module
from montauk_tui.resources import folder
from montauk_tui.session import finding as finding_module
from montauk_tui.session.state import Rows
from montauk_tui.ui import app as app_module
from montauk_tui.ui import controller as controller_module
from montauk_tui.ui import themes
from montauk_tui.ui.app import MontaukApp
from montauk_tui.ui.messages import FrameReady
from montauk_tui.ui.widgets.process_table import ProcessTable
from tests.support.patience import Patience
from tests.support.replay import ReplayCollector
from tests.support.scenes import scene_collector

_STEPS: Final = 12
"""More than any message takes from widget to widget to the screen."""


class StandingClock:
    """Time as the program sees it: it passes when a test says so.

    The sampler takes its first two frames at once and the next when it is asked to.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now_s = 1_000.0
        fake = SimpleNamespace(
            monotonic=lambda: self.now_s,
            thread_time=time.thread_time,
            process_time=time.process_time,
        )
        patch.setattr(sampler_module, "time", fake)
        patch.setattr(sampler_module, "_FIRST_INTERVAL_S", 0.0)
        # What is typed is complete when a test ends the prompt.
        patch.setattr(controller_module, "QUIET_S", 3600.0)
        patch.setattr(app_module, "time", fake)
        patch.setattr(finding_module, "time", fake)


class CountingClock:
    """A clock of CPU time on which every frame costs 4 ms."""

    def __init__(self) -> None:
        self._now_s = 0.0

    def __call__(self) -> float:
        self._now_s += 0.004
        return self._now_s


def make_app(
    collector: ReplayCollector | None = None,
    settings: Settings | None = None,
    theme: str = themes.DEFAULT,
    host: Host | None = None,
) -> MontaukApp:
    """Return the program on a host, or on a replay: by default the build machine."""
    if host is None:
        collector = collector or scene_collector()
        collector.open()
        host = LocalHost(Opened(collector, ()))
    look = themes.load(theme, [folder("themes")])
    settings = settings or Settings()
    return MontaukApp(host, settings, look, cpu_clock=CountingClock())


class Monitor:
    """The running program, its keys and its screen."""

    def __init__(self, app: MontaukApp, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    async def until(self, seen: Callable[[], object]) -> None:
        """Wait until `seen` returns something true."""
        patience = Patience()
        while not seen():
            assert not patience.is_over(), "\n".join(screen_lines(self.app))
            await asyncio.sleep(0.002)

    async def settle(self) -> None:
        """Let everything that was posted have its effect, down to the screen.

        What a message leads to is bounded in steps, not in time: a busy machine only
        makes this slower.
        """
        for _ in range(_STEPS):
            await self.pilot._wait_for_screen()  # noqa: SLF001 - the pilot adds sleeps
            await asyncio.sleep(0)
            # What the screen's timer does 60 times a second.
            self.app.screen._on_timer_update()  # noqa: SLF001

    async def begin(self) -> None:
        """Wait for the rates, and draw their frame once more so that its cost shows."""
        await self.until(lambda: self.app.controller.main.scene and self.frame.seq >= 1)
        await self.draw(self.frame)

    async def draw(self, frame: Frame) -> None:
        """Draw a frame as if it had been sampled."""
        self.app.post_message(FrameReady(frame))
        await self.settle()
        assert self.frame is frame

    async def sample(self) -> None:
        """Let the collector be read, and draw that."""
        before = self.frame.seq
        await self.press("ctrl+l")
        await self.until(lambda: self.frame.seq > before)
        await self.settle()

    async def press(self, *keys: str) -> None:
        """Press keys, each when the one before has had its effect."""
        for key in keys:
            name = _character_to_key(key) if len(key) == 1 else key
            self.app.post_message(events.Key(name, key if len(key) == 1 else None))
            await self.settle()

    async def press_for_needs(self, *keys: str) -> None:
        """Press keys, and wait for the samples that each of them asks for.

        What is newly needed is sampled at once, and soon again for its rates; arguments
        have none.
        """
        for key in keys:
            before, had = self.frame.seq, self.app.session.choices.needs
            await self.press(key)
            if self.app.session.choices.needs - had - Need.CMDLINE:
                await self.until(partial(is_after, self, before + 1))
                await self.settle()

    async def type(self, text: str) -> None:
        """Type text faster than the screen is drawn."""
        for char in text:
            self.app.post_message(events.Key(_character_to_key(char), char))
        await self.settle()

    async def click(self, widget: str, x: int, y: int = 0) -> None:
        """Click a cell of a widget."""
        await self.pilot.click(widget, offset=(x, y))
        await self.settle()

    async def resize(self, width: int, height: int) -> None:
        """Give the terminal another size."""
        self.resize_soon(width, height)
        # Textual takes sizes 120 times a second.
        compositor = self.app.screen._compositor  # noqa: SLF001 - what is on the screen
        await self.until(lambda: compositor.size == (width, height))
        await self.settle()

    def resize_soon(self, width: int, height: int) -> None:
        """Give the terminal another size, which the program has not noticed yet."""
        size = Size(width, height)
        assert isinstance(self.app._driver, HeadlessDriver)  # noqa: SLF001
        self.app._driver._size = size  # noqa: SLF001 - as `resize_terminal` does
        self.app.post_message(events.Resize(size, size))

    @property
    def frame(self) -> Frame:
        """What is drawn."""
        assert self.app.session.frame is not None
        return self.app.session.frame

    @property
    def table(self) -> ProcessTable:
        """The table of processes."""
        return self.app.controller.main.table

    @property
    def lines(self) -> list[str]:
        """The whole screen, whatever lies on top."""
        return screen_lines(self.app)

    @property
    def text(self) -> str:
        """The whole screen as one text."""
        return "\n".join(self.lines)

    @property
    def is_alone(self) -> bool:
        """Whether nothing lies over the main screen."""
        return self.app.screen_stack == [self.app.controller.main]

    @property
    def shown_pids(self) -> list[int]:
        """The pids of all rows that can be scrolled to, top to bottom."""
        pids: list[int] = self.listed.sample.processes.pid[
            self.rows.projection.rows
        ].tolist()
        return pids

    @property
    def rows(self) -> Rows:
        """What the tab lists and shows."""
        assert self.app.session.rows is not None
        return self.app.session.rows

    @property
    def listed(self) -> Frame:
        """All rows of the tab."""
        return self.rows.listed

    @property
    def selected(self) -> RowKey | None:
        """The row that was chosen; None while the selection rests on the first."""
        return self.app.session.selection.row

    @property
    def current(self) -> RowKey | None:
        """The row under the selection."""
        return self.app.session.current

    async def select(self, position: int) -> None:
        """Select the row at a position."""
        await self.app.run_action(f"select({position})")
        await self.settle()

    @property
    def current_pid(self) -> int | None:
        """The pid under the selection."""
        return None if self.current is None else self.current.number


@asynccontextmanager
async def running(
    app: MontaukApp | None = None, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Monitor]:
    """Run the program on a screen of `size`, its second frame drawn."""
    app = app or make_app()
    async with app.run_test(size=size, notifications=True) as pilot:
        monitor = Monitor(app, pilot)
        await monitor.begin()
        yield monitor


def is_after(monitor: Monitor, seq: int) -> bool:
    """Tell whether a later frame than the one of number `seq` is shown."""
    return monitor.frame.seq > seq


def screen_lines(app: App[Any]) -> list[str]:
    """Return the text of the screen, top to bottom."""
    strips = app.screen._compositor.render_strips()  # noqa: SLF001 - there is no other
    return [strip.text for strip in strips]


def changed(frame: Frame, pid: int, **columns: int) -> Frame:
    """Return a frame in which one process has other values."""
    table = frame.sample.processes
    row = table.pid.tolist().index(pid)
    replaced = {}
    for name, value in columns.items():
        replaced[name] = getattr(table, name).copy()
        replaced[name][row] = value
    sample = dataclasses.replace(frame.sample, processes=table.with_columns(replaced))
    return dataclasses.replace(frame, sample=sample)
