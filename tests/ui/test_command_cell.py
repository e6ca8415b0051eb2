"""The command of a row: what is left out of it, and what stands before it."""

from typing import Final

import pytest

from montauk_tui.engine.rows.notes import NO_NOTE, Note
from montauk_tui.model.lookups import (
    Command,
    command_from_cmdline,
    command_from_comm,
)
from montauk_tui.resources import folder
from montauk_tui.ui import themes
from montauk_tui.ui.widgets.columns import RowStyle
from montauk_tui.ui.widgets.command_cell import CommandInputs, command_runs

THEME: Final = themes.load(themes.DEFAULT, [folder("themes")])


def text(command: Command, note: Note = NO_NOTE, *, paths: bool) -> str:
    look = RowStyle(THEME, ascii=False, paths=paths)
    runs = command_runs(CommandInputs(command, b"x", "", note), look)
    return "".join(run for run, _ in runs)


@pytest.mark.parametrize(
    ("raw", "short"),
    [
        (b"/usr/bin/gcc\0-c\0/src/a.c\0", "gcc -c /src/a.c"),
        (b"/bin/python3\0-u\0/opt/server.py\0--port\0", "python3 -u server.py --port"),
        (b"nginx: worker process\0", "nginx: worker process"),
    ],
)  # fmt: skip
def test_without_paths_folders_of_programs_and_scripts_are_left_out(
    raw: bytes, short: str
) -> None:
    command = command_from_cmdline(raw)
    assert text(command, paths=False) == short
    assert text(command, paths=True) == command.text


@pytest.mark.parametrize("paths", [True, False])
def test_the_brackets_of_a_name_are_no_folder(*, paths: bool) -> None:
    assert (
        text(command_from_comm(b"cc1plus", bracketed=True), paths=paths) == "[cc1plus]"
    )


def test_what_explains_a_row_stands_before_and_behind_it() -> None:
    command = command_from_cmdline(b"/bin/gcc\0a.c\0")
    note = Note("SIGKILL, 0.2s", "SIGKILL by make 7", is_failure=True, is_past=True)
    assert (
        text(command, note, paths=True)
        == "[SIGKILL, 0.2s] /bin/gcc a.c  SIGKILL by make 7"
    )
    assert text(command, Note("SIGKILL by make 7"), paths=True).startswith(
        "[SIGKILL by "
    )


@pytest.mark.parametrize(
    ("behind", "failed"),
    [
        ("22/s, all failed, by sh 7", "all failed"), ("5.0/s, 1 failed", "1 failed"),
        ("5.0/s by make 19", ""),
    ],
)  # fmt: skip
def test_failures_have_the_colour_of_failures_in_rows_of_many(
    behind: str, failed: str
) -> None:
    look = RowStyle(THEME, ascii=False, paths=True)
    command, note = command_from_comm(b"curl", bracketed=False), Note(behind=behind)
    runs = command_runs(
        CommandInputs(command, b"x", "", note._replace(failed=failed)), look
    )
    assert "".join(run for run, _ in runs) == f"curl  {behind}"
    assert "".join(run for run, it in runs if it == THEME.style("warm")) == failed
