"""What is saved of a session, and what is said about it."""

from pathlib import Path

import pytest

from montauk_tui.config import Settings, TabSettings, from_file
from montauk_tui.ui.app import MontaukApp
from tests.support.churn import churning_collector
from tests.support.monitor import Monitor, make_app, running


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the settings file; it is not there."""
    path = tmp_path / "config.toml"
    monkeypatch.setenv("MONTAUK_CONFIG", str(path))
    return path


def app_of(file: Path) -> MontaukApp:
    """Return the program as its settings file has it."""
    settings, warnings = from_file(file)
    assert warnings == []
    return make_app(settings=settings)


def said(monitor: Monitor) -> str:
    """Return the message on the screen."""
    (note,) = monitor.app._notifications  # noqa: SLF001 - there is no public way
    return note.message


def text_of(file: Path) -> str:
    """Return what a file holds, nothing where there is none."""
    return file.read_text() if file.exists() else ""


def put(file: Path, text: str) -> None:
    """Write a file."""
    file.write_text(text)


async def test_nothing_is_written_unless_it_is_asked_for(file: Path) -> None:
    async with running() as monitor:
        await monitor.press("M", "t", "K", "f2", "escape", "q")
    assert text_of(file) == ""


async def test_where_nothing_was_changed_nothing_is_written(file: Path) -> None:
    async with running(make_app(settings=Settings(theme="dune", tree=True))) as monitor:
        await monitor.press("M", "I", "P", "t", "t", "tab", "shift+tab", "W")
        assert text_of(file) == ""
    async with running() as monitor:
        await monitor.press("t", "t", "tab", "shift+tab", "K", "K", "W")
        assert said(monitor) == f"nothing to save: {file} is up to date"
    assert text_of(file) == ""


async def test_what_was_changed_is_written_and_named(file: Path) -> None:
    async with running() as monitor:
        await monitor.press("M", "I", "t", "K", "W")
        assert said(monitor) == (
            f"saved kernel_threads, sort, descending, tree in {file}"
        )
        assert from_file(file)[0] == Settings(
            sort="rss_bytes", descending=False, tree=True, kernel_threads=True
        )
        await monitor.press("W")
        assert "nothing to save" in said(monitor)
        await monitor.press("K", "W")
        assert from_file(file)[0].kernel_threads is False


async def test_the_next_start_is_as_this_one_was_left(file: Path) -> None:
    async with running() as monitor:
        await monitor.press("f4")
        await monitor.type("ssh")
        await monitor.press("enter", "%", "p", "H", "d", *["backspace"] * 3)
        await monitor.type("2s")
        await monitor.press("enter", "tab", "N", "W")
        before = monitor.app.session.settings_now
    async with running(app_of(file)) as monitor:
        assert monitor.app.session.settings_now == before
        assert monitor.app.session.choices.filter_text == "ssh"
        assert monitor.app.session.unsaved == []
    assert from_file(file)[0].tabs == (TabSettings("io", sort="pid"),)


async def test_what_an_option_asked_for_is_not_written(file: Path) -> None:
    put(file, 'theme = "fjord"\nsort = "pid"\ndescending = true\n')
    options = Settings(
        theme="dune", sort="rss_bytes", interval_s=3.0, filter="x", tree=True,
        ascii=True, read_only=True, collector="traditional",
    )  # fmt: skip
    async with running(make_app(settings=options, theme="dune")) as monitor:
        await monitor.press("K", "W")
        assert said(monitor) == f"saved kernel_threads in {file}"
        assert text_of(file) == (
            'theme = "fjord"\nsort = "pid"\ndescending = true\nkernel_threads = true\n'
        )
        await monitor.press("t", "I", "W")
        settings = from_file(file)[0]
        assert (settings.sort, settings.descending) == ("rss_bytes", False)
        assert settings.theme == "fjord"
        assert settings.filter == ""


async def test_a_direction_that_is_usual_again_is_taken_out(file: Path) -> None:
    put(file, "# mine\ndescending = false\n")
    async with running(app_of(file)) as monitor:
        await monitor.press("M", "W")
        assert text_of(file) == '# mine\nsort = "rss_bytes"\n'


async def test_columns_and_order_of_a_tab_are_written_where_the_tab_is(
    file: Path,
) -> None:
    text = '[[tabs]]\nname = "Exited" # dead\nsort = "pid"\n'
    put(file, text)
    app = make_app(churning_collector(), from_file(file)[0])
    async with running(app, (120, 40)) as monitor:
        await monitor.press("tab", "tab", "I", "f2", "right", "delete", "ctrl+s")
        assert said(monitor) == f"saved tab Exited in {file}"
    lines = text_of(file).splitlines()
    assert lines[:3] == text.splitlines()
    (tab,) = from_file(file)[0].tabs
    assert (tab.sort, tab.descending) == ("pid", True)
    assert tab.columns is not None
    assert tab.columns[0] == "pid"


@pytest.mark.parametrize(
    ("text", "hint"),
    [("theme = \n", "is not TOML"), ("a = 1\na = 2\n", "is not TOML")],
)
async def test_a_file_that_cannot_be_changed_is_left_alone_and_it_is_said(
    file: Path, text: str, hint: str
) -> None:
    put(file, text)
    async with running() as monitor:
        await monitor.press("K", "W")
        assert said(monitor).startswith(f"not saved: {file}: {hint}")
        assert text_of(file) == text
        assert len(monitor.app.session.unsaved) == 1
        put(file, "")
        await monitor.press("W")
        assert text_of(file) == "kernel_threads = true\n"


async def test_keys_that_are_not_known_stay_and_are_named(file: Path) -> None:
    put(file, "# newer\nhologram = true\n")
    async with running() as monitor:
        await monitor.press("K", "W")
        assert said(monitor).endswith("kept unknown keys: hologram")
    assert text_of(file) == "# newer\nhologram = true\nkernel_threads = true\n"
