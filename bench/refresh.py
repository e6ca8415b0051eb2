"""The cost of one refresh, split into collect, engine and draw.

CPU time of the thread that does the work, median of the refreshes, on a 120x40 screen
without a terminal behind it.
"""

import asyncio
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from bench.crowd import crowd
from montauk_tui.collectors.procfs.host import HostReader, Read
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.collectors.registry import Opened, open_collector
from montauk_tui.config import Settings
from montauk_tui.engine.interval.ledger import close_ledger
from montauk_tui.engine.interval.rates import host_rates, process_rates
from montauk_tui.engine.meters import USUAL, parse
from montauk_tui.engine.projection import project
from montauk_tui.host.local import LocalHost
from montauk_tui.model.frame import Frame
from montauk_tui.model.history import MOST_MOMENTS
from montauk_tui.model.schema import Need
from montauk_tui.pipeline.frames import FrameSource
from montauk_tui.ui import themes
from montauk_tui.ui.app import MontaukApp
from montauk_tui.ui.messages import FrameReady
from montauk_tui.ui.widgets.meters import MeterStyle, draw_meters

SIZES: Final = (100, 1_000, 5_000, 10_000)
_ROUNDS: Final = 11
_SCREEN: Final = (120, 40)
_HEADER_ROUNDS: Final = 301
_DEVICES: Final = Need.NETWORK | Need.DISK
_GRAPHS: Final = ("cpu:graph", "memory:graph", "network:graph", "disk:graph")


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
        close_ledger(before, after, rates)

    return _median_ms(work)


def print_header(opened: Opened) -> None:
    """Print the cost of the header's meters: reading, and drawing two headers."""
    theme = themes.load(themes.DEFAULT, themes.folders())
    source = FrameSource(opened)
    frame = source.next_frame(_DEVICES)
    for _ in range(MOST_MOMENTS):
        frame = source.next_frame(_DEVICES)
    for name, chosen in (("usual", USUAL), ("graphs", parse(_GRAPHS))):
        look = MeterStyle(theme, ascii=False, width=_SCREEN[0], rows=6, chosen=chosen)
        cost = _median_ms(partial(draw_meters, frame, look), _HEADER_ROUNDS)
        print(f"header of {name} meters {cost:.2f} ms")
    for needs in (Need.NONE, _DEVICES):
        reader = HostReader(*_readers())
        cost = _median_ms(partial(reader.sample, needs), _HEADER_ROUNDS)
        print(f"host, {'with' if needs else 'without'} network and disks {cost:.2f} ms")


def _readers() -> tuple[Read, Read]:
    root = ProcRoot()
    return root.read, root.read_lists


class _Counting(MontaukApp):
    """The app without a terminal; its frames are kept."""

    def __init__(self, opened: Opened) -> None:
        theme = themes.load(themes.DEFAULT, themes.folders())
        super().__init__(LocalHost(opened), Settings(), theme)
        self.frames: list[Frame] = []

    async def on_frame_ready(self, message: FrameReady) -> None:
        """Keep the drawn frame; Textual calls the app's handler, too."""
        self.frames.append(message.frame)


async def draw_ms(opened: Opened) -> tuple[float, float, float]:
    """Return ms of projecting and of drawing a frame, and the rows drawn for it.

    Two frames alternate, so that a refresh finds the changes of a second.
    """
    app = _Counting(opened)
    view = app.session.choices.shown_view
    async with app.run_test(size=_SCREEN) as pilot:
        while len(app.frames) < 3:  # noqa: ASYNC110, PLR2004 - the first has no rates
            await asyncio.sleep(0.05)
        await app.run_action("pause")
        frames = app.frames[-2:]
        projecting = _median_ms(lambda: project(frames[1], view))
        drawn_before, costs = app.controller.main.table.rows_drawn, []
        for turn in range(_ROUNDS):
            started = time.thread_time()
            app.post_message(FrameReady(frames[turn % 2]))
            await pilot.pause()
            costs.append((time.thread_time() - started) * 1000)
        rows = (app.controller.main.table.rows_drawn - drawn_before) / _ROUNDS
        return projecting, statistics.median(costs), rows


def main() -> None:
    """Print the table."""
    print("CPU of one refresh in ms (median), 120x40, collector traditional")
    titles = ("processes", "collect", "engine", "project", "draw", "rows drawn")
    print(" ".join(f"{title:>10}" for title in titles))
    for size in SIZES:
        with crowd(size) as count, open_collector("traditional").collector as collector:
            opened = Opened(collector, ())
            costs = (collect_ms(opened), engine_ms(opened))
            projecting, drawing, rows = asyncio.run(draw_ms(opened))
        figures = " ".join(f"{cost:>10.2f}" for cost in (*costs, projecting, drawing))
        print(f"{count:>10} {figures} {rows:>10.0f}")
    with open_collector("traditional").collector as collector:
        print_header(Opened(collector, ()))


if __name__ == "__main__":
    main()
