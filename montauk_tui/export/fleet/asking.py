"""`montauk query`: SQL over recordings and exports of many hosts."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

from montauk_tui import streams
from montauk_tui.errors import few
from montauk_tui.export.fleet.answer import write_csv, write_json, write_table
from montauk_tui.export.fleet.database import Answer, opened
from montauk_tui.export.fleet.exporting import export
from montauk_tui.export.fleet.readonly import checked
from montauk_tui.export.fleet.sources import Files, files_of, kinds_of, unique
from montauk_tui.recorder.folder import Folder

Write = Callable[[Answer], None]

FORMATS: Final[dict[str, Write]] = {
    "table": write_table, "json": write_json, "csv": write_csv,
}  # fmt: skip


def ask(sql: str, folders: Sequence[Path], form: str) -> None:
    """Print the answer to a query.

    Recordings are exported to a folder that is removed at the end.

    Args:
        sql: A query that only reads.
        folders: Exports and recordings.
        form: One of FORMATS.

    Raises:
        UsageError: The query is wrong, or a folder has nothing to read.
        MontaukError: DuckDB is missing, or something cannot be read.
    """
    checked(sql)
    with ExitStack() as stack:
        exports: list[tuple[Path, Files]] = []
        complaints: list[str] = []
        for folder in folders:
            is_export, is_recording = kinds_of(folder)
            if is_export:
                exports.append((folder.absolute(), files_of(folder.absolute())))
            if is_recording:
                name = stack.enter_context(tempfile.TemporaryDirectory("-montauk"))
                complaints += _exported(folder, Path(name))
                exports.append((Path(name), files_of(Path(name))))
        complaints += [line for _, files in exports for line in files.complaints]
        for line in few(complaints):
            streams.complain(line)
        by_table = [files.by_table for _, files in unique(exports)]
        connection = stack.enter_context(closing(opened(by_table, sql)))
        FORMATS[form](Answer(connection, sql))


def _exported(folder: Path, out: Path) -> Sequence[str]:
    """Export a recording with the segment that is being written; return complaints."""
    with closing(Folder.opened(folder)) as recording:
        return export(recording, out, everything=True).complaints
