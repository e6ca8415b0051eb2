"""`montauk report` as a command: where a page goes, and what is refused."""

import os
import pty
import stat
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

import pytest

from montauk_tui.errors import MontaukError
from montauk_tui.export.report.saving import Target
from montauk_tui.model.text import cell_width
from tests.support.builders import FakeLookups, make_sample
from tests.support.exits import make_exits
from tests.support.recordings import frames_of, write


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    samples = [
        make_sample(
            [{"pid": 7, "comm": "sh", "utime": 50 * at}],
            after_s=float(at), exits=make_exits([]),
        )
        for at in range(3)
    ]  # fmt: skip
    write(tmp_path / "it", frames_of(samples))
    return tmp_path / "it"


def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "montauk_tui", "report", *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_page_is_written_for_its_owner_only(recording: Path, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    done = run(recording, "--html", file)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith(f"montauk: {file}: ")
    assert done.stderr.count("\n") == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text("utf-8").startswith("<!DOCTYPE html>\n")
    assert run(recording, "--html", "-").stdout == file.read_text("utf-8")


def test_a_file_is_replaced_only_if_that_is_wanted(
    recording: Path, tmp_path: Path
) -> None:
    file = tmp_path / "page.html"
    file.write_text("mine")
    done = run(recording, "--html", file)
    assert done.returncode == 1
    assert done.stderr == f"montauk: {file} exists; --force replaces it\n"
    assert file.read_text() == "mine"
    assert run(recording, "--html", file, "--force").returncode == 0
    assert "</html>" in file.read_text("utf-8")
    assert sorted(it.name for it in tmp_path.iterdir()) == ["it", "page.html"]


@pytest.mark.parametrize("force", [False, True])
def test_only_a_regular_file_is_replaced(tmp_path: Path, *, force: bool) -> None:
    target = tmp_path / "target"
    target.write_text("mine")
    (tmp_path / "link").symlink_to(target)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "folder", "pipe"):
        with pytest.raises(MontaukError, match="is not a regular file"):
            Target(str(tmp_path / name), replace=force)
    with pytest.raises(MontaukError, match=r"cannot write .*: No such file"):
        Target(str(tmp_path / "none" / "page.html"), replace=force)
    with pytest.raises(MontaukError, match=r"cannot write .*: Not a directory"):
        Target(str(target / "page.html"), replace=force)
    assert target.read_text() == "mine"


@pytest.mark.parametrize("replace", [False, True])
def test_a_full_disk_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, replace: bool
) -> None:
    file = tmp_path / "page.html"
    if replace:
        file.write_text("mine")
    target = Target(str(file), replace=replace)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(MontaukError, match=r"cannot write .*: No space left on device"):
        target.write("text")
    monkeypatch.undo()
    assert [it.name for it in tmp_path.iterdir()] == ["page.html"] * replace
    assert not replace or file.read_text() == "mine"


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    target = Target(str(file), replace=False)
    file.write_text("mine")
    with pytest.raises(MontaukError, match="exists; --force replaces it"):
        target.write("text")
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--html", "x", "--json"], "not allowed with argument --html"),
        (["--html", "x", "--by", "user"], "--html has sums by everything"),
        (["--force"], "--force applies to --html"),
        (["--by", "moon"], "invalid choice: 'moon'"),
        (["--from", "2000-01-01", "--to", "2000-01-02"], "nothing was recorded then"),
        (["--from", "moon"], "'moon' is not a moment"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    recording: Path, arguments: list[str], expected: str
) -> None:
    done = run(recording, *arguments)
    assert done.returncode in (1, 2)
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_the_tree_is_printed(recording: Path) -> None:
    done = run(recording, "--by", "tree")
    assert done.stdout.splitlines()[-1].split() == [
        "1.0", "-", "0.0", "0", "0", "8.0M", "sh", "7",
    ]  # fmt: skip


def test_a_row_is_cut_at_the_width_of_the_terminal_and_a_figure_never(
    tmp_path: Path,
) -> None:
    name = b"a-name-of-many-letters-\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5"
    samples = [
        make_sample(
            [{"pid": 7, "comm": name, "utime": 50 * at}],
            after_s=float(at), exits=make_exits([]),
        )
        for at in range(2)
    ]  # fmt: skip
    write(tmp_path / "it", frames_of(samples))
    main, end = pty.openpty()
    termios.tcsetwinsize(end, (24, 60))
    with subprocess.Popen(
        [sys.executable, "-m", "montauk_tui", "report", str(tmp_path / "it")],
        stdout=end,
    ) as command:
        os.close(end)
        printed = b""
        # The terminal is closed at the end: EIO.
        with suppress(OSError):
            while part := os.read(main, 65_536):
                printed += part
        assert command.wait() == 0
    os.close(main)
    *_, busy, _, titles, row = printed.decode().splitlines()
    assert busy.endswith("unexplained -0.5")
    assert len(titles) < 60 < len(busy)
    assert row.split()[:-1] == ["0.5", "-", "0.0", "0", "0", "8.0M"]
    assert cell_width(row) in (59, 60)


def test_in_a_pipe_a_row_is_whole_unless_a_width_is_asked_for(tmp_path: Path) -> None:
    long = b"/bin/sh\0-c\0" + b"x" * 300 + b"\0"
    samples = [
        make_sample([{"pid": 7, "comm": "sh", "utime": 50 * at}], after_s=float(at))
        for at in range(3)
    ]
    folder = tmp_path / "it"
    write(folder, frames_of(samples, FakeLookups({7: long})))

    def row(*arguments: str) -> str:
        lines = run(folder, "--by", "tree", *arguments).stdout.splitlines()
        return next(line for line in lines if "sh 7" in line)

    # 200 characters of a command line are kept.
    assert row().endswith("x" * 189 + "+")
    assert len(row("-w", "60")) == 60
    assert row("-w", "60").endswith("x+")
    assert len(row("--width")) <= 512


@pytest.mark.parametrize("form", [["--json"], ["--html", "-"]])
def test_a_width_is_one_of_text(recording: Path, form: list[str]) -> None:
    done = run(recording, "-w", "80", *form)
    assert (done.returncode, done.stdout) == (2, "")
    assert "-w applies to text" in done.stderr
