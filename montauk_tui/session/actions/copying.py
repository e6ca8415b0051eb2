"""Copies what is selected to the clipboard, and writes the view to a file."""

import os
import time
from itertools import chain, islice
from pathlib import Path
from typing import Final

from montauk_tui import files
from montauk_tui.engine.columns.cells import command_text
from montauk_tui.engine.columns.extra_cells import pid_text
from montauk_tui.engine.columns.plain import PlainTable
from montauk_tui.engine.columns.table import pick
from montauk_tui.engine.units import counted
from montauk_tui.model.text import named
from montauk_tui.session.actions.targets import selected
from montauk_tui.session.effects import (
    Ask,
    Choice,
    Choose,
    Copy,
    EndAsking,
    Say,
    Steps,
    Update,
    Work,
)
from montauk_tui.session.state import NotPossible, Rows, Session

_ROWS_A_STEP: Final = 50
"""7 ms: keys are read between two steps."""

_MOST_BYTES: Final = 48 << 10
"""Encoded 64 KiB; terminals take no more than 74,994 bytes at least (xterm)."""


def choose_copy(session: Session) -> Update:
    """Offer what can be copied of the selected row."""
    texts = _texts(session)
    choices = [Choice(name, name, text[:60]) for name, text in texts.items()]
    return Update(
        session, Choose("Copy", choices, "", lambda _, it: _copy(session, it))
    )


def _texts(session: Session) -> dict[str, str]:
    """Return what can be copied, by name; all of it is safe to paste as one line."""
    rows, place = selected(session)
    listed = rows.projection.frame_of(rows.listed)
    texts = {
        "command line": command_text(listed, place),
        "PID": pid_text(listed, place),
        "row": _table(session, rows).row(place),
    }
    if session.choices.tags:
        texts["tagged PIDs"] = " ".join(
            str(it.pid) for it in sorted(session.choices.tags)
        )
    return texts


def _table(session: Session, rows: Rows) -> PlainTable:
    choices = session.choices
    columns = pick(choices.shown_columns, machine_scale=choices.machine_scale)
    frame = rows.projection.frame_of(rows.listed)
    return PlainTable(frame, columns, choices.heading)


def _copy(session: Session, name: str) -> Update:
    text = _texts(session)[name]
    size = len(text.encode(errors="backslashreplace"))
    if size > _MOST_BYTES:
        limit = f"{_MOST_BYTES // 1024} KiB"
        raise NotPossible(f"{name} not copied: it is longer than {limit}")
    return Update(session, Copy(text, f"{name}, {counted(len(text), 'character')}"))


def ask_file(session: Session) -> Update:
    """Ask for the file to write the view to."""
    _check(session)
    name = f"montauk-{time.strftime('%Y%m%d-%H%M%S')}.txt"
    return Update(session, Ask("write", name, "a new file for the rows of this tab"))


def _check(session: Session) -> None:
    if session.choices.read_only:
        raise NotPossible("read-only mode: no file is written")


def write_view(session: Session, written: str) -> Update:
    """Write all rows of the tab, shown or further down, to a new file."""
    _check(session)
    path = Path(os.path.expanduser(written.strip()))  # noqa: PTH111 - never raises
    try:
        file = files.NewFile(path)
    except FileExistsError:
        return Update(session, _error(f"{named(path)} exists; choose another name"))
    except (OSError, ValueError) as error:
        return Update(session, _not_written(path, error))
    count = len(session.seen.projection.rows)
    said = f"writing {counted(count, 'row')} to {named(path)}"
    steps = _written(file, path, session)
    return Update(session, EndAsking(), Say(said, "information"), Work(steps))


def _written(file: files.NewFile, path: Path, session: Session) -> Steps:
    """Write a few rows at each step; without the last step there is no file."""
    rows = session.seen
    table, projection = _table(session, rows), rows.projection
    places, depths = projection.rows.tolist(), projection.depth.tolist()
    lines = chain(
        (_heading(session, rows), table.titles), map(table.row, places, depths)
    )
    try:
        while batch := "".join(f"{line}\n" for line in islice(lines, _ROWS_A_STEP)):
            file.write(batch.encode(errors="backslashreplace"))
            yield
    except OSError as error:
        file.remove()
        return _not_written(path, error)
    except BaseException:
        file.remove()
        raise
    file.close()
    return Say(f"wrote {counted(len(places), 'row')} to {named(path)}", "information")


def _heading(session: Session, rows: Rows) -> str:
    sample = rows.frame.sample
    clock = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(sample.time_s))
    parts = [sample.host.hostname, clock, session.choices.tab_now.title]
    if query := rows.view.query:
        parts.append(f"filter {query}")
    return "  ".join(parts)


def _not_written(path: Path, error: Exception) -> Say:
    why = getattr(error, "strerror", None) or error
    return _error(f"{named(path)} not written: {why}")


def _error(why: str) -> Say:
    return Say(why, "error")
