"""What one refresh costs, split into collect, engine and draw; and keys at 10,000.

CPU time of the thread that does the work, median of the refreshes, on a 120x40 screen
without a terminal behind it.
"""

import asyncio
import statistics
import time
from collections.abc import Callable
from typing import Final

from bench.crowd import crowd
from montauk_tui.collectors.registry import Opened, open_collector
from montauk_tui.config import Settings
from montauk_tui.engine.ledger import close_books
from montauk_tui.engine.projection import project
from montauk_tui.engine.rates import host_rates, process_rates
from montauk_tui.model.schema import Need
from montauk_tui.ui import themes
from montauk_tui.ui.app import MontaukApp, theme_folders
from montauk_tui.ui.choices import Choices
from montauk_tui.ui.messages import FrameReady

SIZES: Final = (100, 1_000, 5_000, 10_000)
_ROUNDS: Final = 11
_SCREEN: Final = (120, 40)


def _median_ms(work: Callable[[], object], rounds: int = _ROUNDS) -> float:
    times = []
    for _ in range(rounds):
        started = time.thread_time()
        work()
        times.append((time.thread_time() - started) * 1000)
    return statistics.median(times)


def collect_ms(opened: Opened) -> float:
    """Return the cost of one sample."""
    opened.collector.sample(Need.NONE)
    return _median_ms(lambda: opened.collector.sample(Need.NONE))


def engine_ms(opened: Opened) -> float:
    """Return the cost of rates, ledger and projection of one sample."""
    before = opened.collector.sample(Need.NONE)
    after = opened.collector.sample(Need.NONE)

    def work() -> None:
        rates = process_rates(before, after)
        host_rates(before.host, after.host)
        close_books(before, after, rates)

    return _median_ms(work)


class _Probe:
    """The app without a terminal, fed frames by hand."""

    def __init__(self, opened: Opened) -> None:
        theme = themes.load(themes.DEFAULT, theme_folders())
        self.app = MontaukApp(opened, Settings(interval_s=3600.0), theme)

    async def draws(self) -> tuple[float, float, float]:
        """Return ms of projection and of drawing a frame, and lines drawn for it."""
        app = self.app
        async with app.run_test(size=_SCREEN) as pilot:
            frames = []
            app._publish = frames.append  # type: ignore[method-assign]  # noqa: SLF001
            await asyncio.sleep(1.5)
            await pilot.pause()
            assert app.main.scene is not None  # noqa: S101
            frame = app.main.scene.frame
            view = Choices.from_settings(Settings()).view
            projecting = _median_ms(lambda: project(frame, view))
            drawn_before = app.main.table.rows_drawn
            costs = []
            for _ in range(_ROUNDS):
                started = time.thread_time()
                app.post_message(FrameReady(frame))
                await pilot.pause()
                costs.append((time.thread_time() - started) * 1000)
            lines = (app.main.table.rows_drawn - drawn_before) / _ROUNDS
            return projecting, statistics.median(costs), lines

    async def keys(self) -> dict[str, float]:
        """Return wall-clock ms from a key press to the finished repaint."""
        app = self.app
        result: dict[str, float] = {}
        async with app.run_test(size=_SCREEN) as pilot:
            await asyncio.sleep(2.5)
            await pilot.pause()
            for key in ("down", "pagedown", "I", "M", "t", "t", "K"):
                times = []
                for _ in range(5):
                    started = time.perf_counter()
                    await pilot.press(key)
                    times.append((time.perf_counter() - started) * 1000)
                result[key] = statistics.median(times)
        return result


def main() -> None:
    """Print the table."""
    print("CPU of one refresh in ms (median), 120x40, collector traditional")
    print(
        f"{'processes':>9} {'collect':>8} {'engine':>7} {'project':>8} {'draw':>7} {'rows drawn':>10}"
    )
    for size in SIZES:
        with crowd(size) as count, open_collector("traditional").collector as collector:
            opened = Opened(collector, ())
            collecting, deriving = collect_ms(opened), engine_ms(opened)
            projecting, drawing, lines = asyncio.run(_Probe(opened).draws())
            print(
                f"{count:>9} {collecting:>8.2f} {deriving:>7.2f} {projecting:>8.2f} "
                f"{drawing:>7.2f} {lines:>10.0f}"
            )
            if size == SIZES[-1]:
                collector.open()
                keys = asyncio.run(_Probe(opened).keys())
                print("\nkey press to repaint at this size, ms of wall clock (median):")
                print(
                    "  "
                    + "  ".join(f"{key} {value:.1f}" for key, value in keys.items())
                )


if __name__ == "__main__":
    main()
