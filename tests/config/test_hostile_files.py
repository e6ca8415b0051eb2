"""A settings file that is none, or more than anybody writes."""

import difflib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from montauk_tui import config, files
from montauk_tui.config import Settings, from_file
from montauk_tui.config.reading import from_document
from montauk_tui.config.writing import SaveFailed, save
from montauk_tui.errors import MOST_COMPLAINTS, did_you_mean, few
from montauk_tui.session import tabs
from montauk_tui.ui import themes
from montauk_tui.ui.keymap import keymap

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
NOBODY: Final = 65534


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def said(path: Path) -> str:
    """Return the only complaint about a file that keeps every default."""
    settings, warnings = from_file(path)
    assert settings == Settings()
    (line,) = warnings
    assert line.isprintable()
    assert "using the defaults" in line
    return line


def test_a_pipe_is_not_waited_for(file: Path) -> None:
    os.mkfifo(file)
    assert "cannot be read: it is a pipe, not a regular file" in said(file)


@pytest.mark.parametrize("name", ["zero", "full", "null", "tty"])
def test_a_device_is_not_opened(
    file: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.symlink_to(f"/dev/{name}")
    monkeypatch.setattr(os, "open", None)
    assert "it is a device, not a regular file" in said(file)


def test_a_file_that_becomes_a_pipe_is_not_read(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.touch()
    real = os.open

    def open_(path: Any, *rest: Any, **named: Any) -> int:
        if Path(path) == file:
            file.unlink()
            os.mkfifo(file)
        return real(path, *rest, **named)

    monkeypatch.setattr(os, "open", open_)
    assert "it is a pipe" in said(file)


@pytest.mark.parametrize("times", [200_000, 10_000_000])
def test_more_than_a_mebibyte_is_not_read(file: Path, times: int) -> None:
    file.write_bytes(b"k = 1\n" * times)
    assert "it is larger than 1,024 KiB" in said(file)


def test_exactly_as_much_as_may_be_is_read(file: Path) -> None:
    file.write_bytes(b"x" * 100)
    assert len(files.read_regular(file, 100).data) == 100
    with pytest.raises(OSError, match="larger"):
        files.read_regular(file, 99)


@contextmanager
def nobody() -> Iterator[None]:
    """Be an ordinary user."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_may_not_be_entered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "x.toml").touch()
    closed.chmod(0)
    monkeypatch.setenv("MONTAUK_CONFIG", str(closed / "x.toml"))
    try:
        with nobody():
            _, (line,) = config.load()
    finally:
        closed.chmod(0o700)
    assert "cannot be read: Permission denied; using the defaults" in line


def test_a_name_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONTAUK_CONFIG", "a" * 5_000)
    _, (line,) = config.load()
    assert "cannot be read: File name too long; using the defaults" in line


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"k{n} = 1" for n in range(80_000)),
        "[keys]\n" + "\n".join(f"k{n} = ''" for n in range(70_000)),
        "[keys]\n" + "\n".join(f"k{n} = 1" for n in range(70_000)),
        "tab_order = [" + ",".join(f"'{n}'" for n in range(100_000)) + "]",
        "columns = [" + ",".join(f"'pid:{n}'" for n in range(80_000)) + "]",
        "meters = [" + ",".join("'cpu'" for _ in range(100_000)) + "]",
        "\n".join(f"[[tabs]]\nname='{n}'\nx=1\ny=2" for n in range(30_000)),
        "[[tabs]]\nname = 'x'\n" + "\n".join(f"k{n} = 1" for n in range(80_000)),
        f"filter = '{'x' * 1_000_000}'",
        f"filter = '{'not ' * 200_000}'",
        f"'{'k' * 1_000_000}' = 1",
        f"sort = '{'k' * 1_000_000}'",
        f"theme = '{'k' * 1_000_000}'",
        f"interval = '{'9' * 1_000_000}'",
        f"keys.{'.'.join('a' * 100_000)} = 'x'",
        f"{'a.' * 200_000}b = 1",
    ],
    ids=lambda text: text[:12].encode("unicode_escape").decode(),
)
def test_absurd_files_cost_little_and_are_told_in_few_lines(
    file: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    compared: list[str] = []
    real = difflib.get_close_matches

    def matches(word: str, *rest: Any) -> Any:
        compared.append(word)
        return real(word, *rest)

    monkeypatch.setattr(difflib, "get_close_matches", matches)
    file.write_text(text)
    assert file.stat().st_size < files.MOST_BYTES
    settings, warnings = from_file(file)
    warnings += keymap(settings.keys)[1] + tabs.validate(settings)
    assert len(compared) <= 3 * MOST_COMPLAINTS
    assert max(map(len, compared), default=0) < 100
    assert len(warnings) <= 2 * (MOST_COMPLAINTS + 1)
    assert all(len(line) < 3_000 for line in warnings)
    assert len(settings.tabs) <= 50


def test_what_is_left_out_is_counted() -> None:
    _, problems = from_document({f"k{n}": 1 for n in range(1_000)})
    assert len(problems) == MOST_COMPLAINTS + 1
    assert problems[-1] == f"and {1_000 - MOST_COMPLAINTS} more"
    lines = [str(n) for n in range(MOST_COMPLAINTS)]
    assert few(lines) == lines


def test_a_name_too_long_to_compare_is_like_nothing() -> None:
    assert did_you_mean("coluns" * 1_000, ["columns"]) == ""


@ROOT
@pytest.mark.parametrize("place", [".", "config.toml"])
def test_root_does_not_do_what_others_say(
    file: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("theme = 'dune'\n")
    os.chown(file.parent / place, NOBODY, NOBODY)
    assert f"belongs to user {NOBODY}, and montauk runs as root" in said(file)
    # With sudo -E it is the file of who called.
    for name in ("SUDO_UID", "PKEXEC_UID"):
        with monkeypatch.context() as patch:
            patch.setenv(name, str(NOBODY))
            assert from_file(file)[0].theme == "dune"
    monkeypatch.setattr(os, "geteuid", lambda: NOBODY)
    assert from_file(file)[0].theme == "dune"


@ROOT
@pytest.mark.parametrize("place", [".", "config.toml"])
def test_root_does_not_open_what_is_of_others(
    file: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("theme = 'dune'\n")
    os.chown(file.parent / place, NOBODY, NOBODY)
    monkeypatch.setattr(os, "open", None)
    assert f"belongs to user {NOBODY}" in said(file)
    file.unlink()
    assert from_file(file) == (Settings(), []), "nothing is wrong with no file"


@ROOT
@pytest.mark.parametrize("is_there", [True, False])
def test_root_checks_the_file_that_it_has_read(
    file: Path, monkeypatch: pytest.MonkeyPatch, *, is_there: bool
) -> None:
    """Another may come there in between, as in /tmp, and go again."""
    real, checked = os.open, files.distrust
    if is_there:
        file.touch()

    def then_theirs(path: Path, environment: Any) -> str:
        why = checked(path, environment)
        file.unlink(missing_ok=True)
        file.write_text("theme = 'dune'\n")
        os.chown(file, NOBODY, NOBODY)
        return why

    def open_(path: Any, *rest: Any, **named: Any) -> int:
        descriptor = real(path, *rest, **named)
        if Path(path) == file:
            file.unlink()
            file.write_text("")
        return descriptor

    monkeypatch.setattr(files, "distrust", then_theirs)
    monkeypatch.setattr(os, "open", open_)
    with pytest.raises(SaveFailed, match=f"belongs to user {NOBODY}"):
        save(file, [])
    assert f"belongs to user {NOBODY}, and montauk runs as root" in said(file)


@ROOT
@pytest.mark.parametrize("place", [".", "config.toml"])
def test_root_does_not_do_what_everybody_may_say(file: Path, place: str) -> None:
    file.write_text("theme = 'dune'\n")
    (file.parent / place).chmod(0o777)
    assert "may be written by everybody" in said(file)
    if place == ".":
        file.parent.chmod(0o1777)
        assert from_file(file)[0].theme == "dune"


@ROOT
def test_root_follows_no_link_of_others(file: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "config.toml").write_text("theme = 'dune'\n")
    link = tmp_path / "folder"
    link.symlink_to("real")
    assert from_file(link / "config.toml")[0].theme == "dune"
    os.chown(link, NOBODY, NOBODY, follow_symlinks=False)
    assert f"{link} belongs to user" in said(link / "config.toml")
    # A link to itself ends as well.
    file.symlink_to(file)
    assert "Too many levels" in said(file)


def test_a_theme_that_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "mine.toml")
    with pytest.raises(themes.ThemeError, match="it is a pipe, not a regular file"):
        themes.load("mine", [tmp_path])


def test_a_theme_of_an_absurd_size(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes(b"#" * (files.MOST_BYTES + 1))
    with pytest.raises(themes.ThemeError, match="larger than"):
        themes.load("mine", [tmp_path])
