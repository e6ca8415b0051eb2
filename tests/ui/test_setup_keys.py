"""Keys that are set on the setup screen."""

from pathlib import Path

import pytest

from montauk_tui.config import Settings, from_file
from tests.support.monitor import running
from tests.support.setting_up import (
    line_at_hand,
    open_page,
    select,
    title_line,
)


async def test_a_key_is_set_by_pressing_it() -> None:
    async with running() as monitor:
        screen = await open_page(monitor, "Keys")
        await select(monitor, "Kill")
        assert "Send a signal, chosen from a list (act.kill)" in monitor.lines[-2]
        await monitor.press("enter")
        assert "Key for: Kill" in monitor.text
        await monitor.press("x")
        assert monitor.app.session.keys == {"act.kill": ("x",)}
        assert line_at_hand(screen).split()[:4] == ["*", "Kill", "x", "Send"]
        await monitor.press("plus", "K")
        assert monitor.app.session.keys == {"act.kill": ("x", "K")}
        assert "removed: K from Kernel threads" in monitor.text
        await monitor.press("delete")
        assert monitor.app.session.keys == {"act.kill": ()}
        await monitor.press("f5")
        assert monitor.app.session.keys == {}
        assert line_at_hand(screen).split()[:4] == ["Kill", "F9", "k", "Send"]


@pytest.mark.parametrize(
    ("key", "said"),
    [("5", "to a PID"), ("escape", "Keys")],
)
async def test_a_key_that_cannot_be_given_changes_nothing(key: str, said: str) -> None:
    async with running() as monitor:
        await open_page(monitor, "Keys")
        await select(monitor, "Kill")
        await monitor.press("enter", key)
        assert monitor.app.session.keys == {}
        assert said in " ".join(monitor.text.split())


async def test_a_key_set_there_works_in_the_table_and_is_saved(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    monkeypatch.setenv("MONTAUK_CONFIG", str(file))
    async with running() as monitor:
        await open_page(monitor, "Keys")
        await select(monitor, "Tree")
        await monitor.press("enter", "question_mark", "f10")
        assert from_file(file)[0] == Settings(keys={"show.tree": ("?",)})
        assert title_line(monitor).endswith("no unsaved changes")
        await monitor.press("escape", "question_mark")
        assert monitor.app.session.choices.in_tree
