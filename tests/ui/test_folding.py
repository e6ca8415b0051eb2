"""The tree: folding, the order of siblings, and parents that ended."""

from dataclasses import replace
from typing import Final

import numpy as np
import pytest

from montauk_tui.config import Settings
from montauk_tui.engine.history.update import remember
from tests.support.builders import make_frame
from tests.support.monitor import Monitor, make_app, running

SIZE: Final = (120, 80)


def row_of(monitor: Monitor, pid: int) -> str:
    """Return the line in which a process stands."""
    position = monitor.shown_pids.index(pid)
    return monitor.table.render_line(position).text


async def go_to(monitor: Monitor, pid: int) -> None:
    await monitor.select(monitor.shown_pids.index(pid))


@pytest.mark.parametrize("key", ["-", "+", "="])
async def test_a_branch_folds_and_unfolds(key: str) -> None:
    async with running(make_app(settings=Settings(tree=True)), SIZE) as monitor:
        before = monitor.shown_pids
        await go_to(monitor, 820)
        await monitor.press(key)
        assert monitor.shown_pids == [p for p in before if p not in range(821, 825)]
        assert "[+4] nginx: master" in row_of(monitor, 820)
        assert monitor.current_pid == 820
        await monitor.press(key)
        assert monitor.shown_pids == before
        assert "[+" not in monitor.text


async def test_figures_of_a_folded_branch_are_marked_sums() -> None:
    async with running(make_app(settings=Settings(tree=True)), SIZE) as monitor:
        table = monitor.frame.sample.processes
        inside = (table.pid >= 820) & (table.pid <= 824)
        total = monitor.frame.rates.cpu_pct[inside].sum()
        await go_to(monitor, 820)
        await monitor.press("-")
        assert f" +{total:.1f} " in row_of(monitor, 820)
        assert "+" not in row_of(monitor, 1)


async def test_backspace_folds_the_branch_around_and_goes_to_its_parent() -> None:
    async with running(make_app(settings=Settings(tree=True)), SIZE) as monitor:
        await go_to(monitor, 822)
        await monitor.press("backspace")
        assert monitor.current_pid == 820
        assert "[+4]" in row_of(monitor, 820)
        await monitor.press("backspace")
        assert monitor.shown_pids == [1]
        await monitor.press("backspace")
        assert monitor.current_pid == 1


async def test_a_filter_shows_matches_in_folded_branches() -> None:
    settings = Settings(tree=True)
    async with running(make_app(settings=settings), SIZE) as monitor:
        await monitor.press("*", "f4")
        await monitor.type("nginx: worker")
        await monitor.press("enter")
        assert set(range(821, 825)) & set(monitor.shown_pids)
        await monitor.press("-", "*", "backspace", "escape")
        assert not set(range(821, 825)) & set(monitor.shown_pids)


async def test_siblings_stay_by_start_until_a_column_is_asked_for() -> None:
    async with running(make_app(settings=Settings(tree=True)), SIZE) as monitor:
        by_start = monitor.shown_pids
        await monitor.press("M")
        assert "tree by RES" in monitor.text
        by_memory = monitor.shown_pids
        assert by_memory != by_start
        await monitor.press("o")
        assert "tree by START" in monitor.text
        assert monitor.shown_pids == by_start
        await monitor.press("o")
        assert monitor.shown_pids == by_memory
        # The list keeps its own order.
        await monitor.press("t")
        assert "sort CPU%" in monitor.text
        await monitor.press("t")
        assert "tree by RES" in monitor.text


async def test_a_parent_that_ends_stays_above_its_children() -> None:
    async with running(make_app(settings=Settings(tree=True)), SIZE) as monitor:
        before, table = monitor.shown_pids, monitor.frame.sample.processes
        await go_to(monitor, 820)
        kept = table.only((table.pid != 820) & table.is_process)
        kept = kept.with_columns({"ppid": np.where(kept.ppid == 820, 1, kept.ppid)})
        previous = monitor.frame.sample
        current = replace(previous, processes=kept, monotonic_s=60_000.0)
        frame = make_frame(previous, current, monitor.frame.lookups)
        history = remember(monitor.frame.history, previous, current, frame.rates)
        await monitor.draw(replace(frame, history=history, seq=99))
        after = monitor.shown_pids
        assert [pid for pid in after if pid > 0] == [p for p in before if p != 820]
        line = monitor.table.render_line(before.index(820)).text
        assert "  820 " in line
        assert " X " in line
        assert "exited, its children live on" in line
        assert monitor.table.position == before.index(820)
        await monitor.press("-", "X")
        assert len(monitor.shown_pids) == len(before) - 1
