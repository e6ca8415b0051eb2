"""What a key costs where thousands are listed: counts, not times (see bench)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from montauk_tui.config import Settings
from montauk_tui.engine.rows import build as rows_module
from montauk_tui.model import lookups as lookups_module
from montauk_tui.model.schema import Need
from montauk_tui.session import state as state_module
from montauk_tui.ui import controller as controller_module
from tests.support.churn import churning_collector
from tests.support.exits import make_exits
from tests.support.listing import end
from tests.support.monitor import make_app, running

ENDED: Final = 3_000
SIZE: Final = (120, 40)


class Counted:
    """A function that counts its calls."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.calls = 0
        self._function = function

    def __call__(self, *args: Any) -> Any:
        self.calls += 1
        return self._function(*args)


def count(patch: pytest.MonkeyPatch, module: Any, name: str, *others: Any) -> Counted:
    counted = Counted(getattr(module, name))
    for one in (module, *others):
        patch.setattr(one, name, counted)
    return counted


@pytest.mark.parametrize("tabs", [0, 2, 5], ids=["Main", "Exited", "Events"])
async def test_a_key_looks_at_every_row_once_and_writes_out_only_those_shown(
    monkeypatch: pytest.MonkeyPatch, tabs: int
) -> None:
    ends = [end(10_000 + at, b"p%d" % at, cmdline=b"x\0%d" % at) for at in range(ENDED)]
    app = make_app(churning_collector(exits=make_exits(ends)))
    async with running(app, SIZE) as monitor:
        await monitor.press(*["tab"] * tabs, "f4", "x", " ")
        assert monitor.table.row_count >= 1
        made = count(monkeypatch, rows_module, "cmdline_texts")
        written = count(
            monkeypatch, lookups_module, "command_from_cmdline", rows_module
        )
        projected = count(monkeypatch, state_module, "project")
        same_rows = 0
        for typed in ("x", "backspace", "1", "2", "3"):
            keys, texts, seq = projected.calls, made.calls, monitor.frame.seq
            await monitor.press(typed)
            if monitor.frame.seq != seq:
                # A sample that an earlier key asked for may come at any time.
                continue
            same_rows += 1
            assert projected.calls - keys <= 2, "a key, and what the prompt does then"
            assert made.calls == texts, "as long as the rows are the same"
        assert same_rows
        assert written.calls <= 5 * 3 * SIZE[1]
        assert "123" in monitor.app.session.choices.filter_text


async def test_a_refresh_with_a_filter_evaluates_it_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ends = [end(10_000 + at, b"p%d" % at, cmdline=b"x\0%d" % at) for at in range(ENDED)]
    collector = churning_collector(exits=make_exits(ends))
    app = make_app(collector)
    async with running(app, SIZE) as monitor:
        # The other way round there is I/O, which needs more of a sample.
        await monitor.press(*["shift+tab"] * 4, "f4", "x", "enter")
        await monitor.until(lambda: Need.CMDLINE in collector.needs[-1])
        await monitor.until(lambda: monitor.frame.seq == len(collector.needs) - 1)
        made = count(monkeypatch, rows_module, "cmdline_texts")
        projected = count(monkeypatch, state_module, "project")
        await monitor.draw(replace(monitor.frame))
        assert (made.calls, projected.calls) == (1, 1)


@pytest.mark.parametrize("key", ["f4", "f3"])
async def test_what_a_filter_needs_is_sampled_when_no_key_comes_any_more(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    collector = churning_collector()
    app = make_app(collector, Settings(interval_s=3600.0))
    async with running(app, SIZE) as monitor:
        monkeypatch.setattr(controller_module, "QUIET_S", 3600.0)
        await monitor.press(key)
        taken = len(collector.needs)
        await monitor.press("t", "s", "c")
        assert len(collector.needs) == taken
        assert Need.CMDLINE in monitor.app.session.choices.needs
        monkeypatch.setattr(controller_module, "QUIET_S", 0.01)
        await monitor.press("backspace")
        await monitor.until(lambda: len(collector.needs) > taken)
        await monitor.settle()
        assert [Need.CMDLINE in it for it in collector.needs[taken:]] == [True]


async def test_enter_does_not_wait_for_what_a_filter_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(controller_module, "QUIET_S", 3600.0)
    collector = churning_collector()
    app = make_app(collector, Settings(interval_s=3600.0))
    async with running(app, SIZE) as monitor:
        await monitor.press("f4", "t", "enter")
        await monitor.until(lambda: Need.CMDLINE in collector.needs[-1])
