"""Saving what was changed."""

from pathlib import Path

import pytest

from montauk_tui.config import Settings, from_file
from montauk_tui.session.actions.saving import shown_path
from montauk_tui.session.effects import Say
from tests.support.desk import Desk


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("MONTAUK_CONFIG", str(path))
    return path


def test_what_was_changed_is_written_and_named_once(file: Path) -> None:
    desk = Desk()
    desk.run("save_settings")
    assert desk.said == f"nothing to save: {file} is up to date"
    assert not file.exists()
    desk.run("sort('rss_bytes')", "tree", "kernel_threads", "save_settings")
    (effect,) = desk.effects
    assert isinstance(effect, Say)
    assert effect.severity == "information"
    assert {*effect.text.replace(",", "").split()} == {
        "saved", "sort", "tree", "kernel_threads", "in", str(file),
    }  # fmt: skip
    assert from_file(file)[0] == Settings(
        sort="rss_bytes", tree=True, kernel_threads=True
    )
    assert desk.session.unsaved == []
    desk.run("save_settings")
    assert "nothing to save" in desk.said


def test_a_file_that_cannot_be_changed_is_left_alone(file: Path) -> None:
    file.write_text("theme = \n")
    desk = Desk()
    desk.run("kernel_threads", "save_settings")
    assert desk.said.startswith(f"not saved: {file}: is not TOML")
    assert file.read_text() == "theme = \n"
    assert len(desk.session.unsaved) == 1


def test_the_home_folder_is_shown_as_one_writes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert shown_path(Path("/home/ann/.config/x.toml")) == "~/.config/x.toml"
    assert shown_path(Path("/home/anna/x.toml")) == "/home/anna/x.toml"
    assert shown_path(Path("/a/\x1b[2J")) == r"/a/\x1b[2J"
