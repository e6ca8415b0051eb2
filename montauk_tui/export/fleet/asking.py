"""`montauk query`: SQL over recordings and exports of many hosts."""

import math
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from montauk_tui import streams
from montauk_tui.engine.units import date_text
from montauk_tui.errors import few
from montauk_tui.export.fleet.answer import write_csv, write_json, write_table
from montauk_tui.export.fleet.database import Answer, Tables, opened
from montauk_tui.export.fleet.exporting import export
from montauk_tui.export.fleet.readonly import checked
from montauk_tui.export.fleet.schema import named_in
from montauk_tui.export.fleet.sources import Files, files_of, kinds_of, unique
from montauk_tui.export.fleet.within import (
    ALWAYS,
    Within,
    last_of_exports,
    last_of_recording,
    within,
)
from montauk_tui.recorder.folder import Folder
from montauk_tui.recorder.reader import NoRecording

Write = Callable[[Answer], None]

_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)

FORMATS: Final[dict[str, Write]] = {
    "table": write_table, "json": write_json, "csv": write_csv,
}  # fmt: skip


class Part(NamedTuple):
    """The times between which rows are read; None for all."""

    begin: str | None = None
    end: str | None = None


WHOLE: Final = Part()


class _Source(NamedTuple):
    """A folder that is asked."""

    folder: Path
    files: Files | None
    """Those of an export."""
    is_recording: bool

    def last_s(self) -> float:
        """Return the wall clock of its last sample, NaN if there is none."""
        last_s = math.nan
        if self.files is not None:
            last_s = last_of_exports(self.files.by_table["hosts"])
        if self.is_recording:
            with closing(Folder.opened(self.folder)) as recording:
                last_s = float(np.fmax(last_s, last_of_recording(recording)))
        return last_s


def ask(sql: str, folders: Sequence[Path], form: str, part: Part = WHOLE) -> None:
    """Print the answer to a query.

    Of recordings the tables that are named are exported to a folder that is removed at
    the end.

    Args:
        sql: A query that only reads.
        folders: Exports and recordings.
        form: One of FORMATS.
        part: The time that it is about.

    Raises:
        UsageError: The query is wrong, or a folder has nothing to read.
        MontaukError: DuckDB is missing, or something cannot be read.
    """
    checked(sql)
    with _removing_on_signals(), ExitStack() as stack:
        sources = [*map(_source, folders)]
        last_s = _last_s(part, sources)
        wanted = within(*part, last_s)
        exports = [
            (it.folder, it.files, wanted) for it in sources if it.files is not None
        ]
        complaints: list[str] = []
        for recording in (it.folder for it in sources if it.is_recording):
            out = Path(stack.enter_context(tempfile.TemporaryDirectory("-montauk")))
            complaints += _exported(recording, out, wanted, named_in(sql))
            # It has no other rows, and the last exits may be of just before.
            exports.append((out, files_of(out), ALWAYS))
        complaints += [line for _, files, _ in exports for line in files.complaints]
        for line in few(complaints):
            streams.complain(line)
        if wanted != ALWAYS and not any(it.by_table["hosts"] for _, it, _ in exports):
            last = f"the last sample is of {date_text(last_s)}"
            raise NoRecording("nothing was recorded then", last)
        once = unique((folder, files) for folder, files, _ in exports)
        parts = [within for _, _, within in exports]
        tables = [
            Tables(files.by_table, its)
            for (_, files), its in zip(once, parts, strict=True)
        ]
        connection = stack.enter_context(closing(opened(tables, sql)))
        FORMATS[form](Answer(connection, sql))


def _source(folder: Path) -> _Source:
    is_export, is_recording = kinds_of(folder)
    files = files_of(folder.absolute()) if is_export else None
    return _Source(folder.absolute(), files, is_recording)


def _last_s(part: Part, sources: Sequence[_Source]) -> float:
    """Return the wall clock that times count from, if there are any: the last of all.

    Raises:
        NoRecording: There is no sample.
    """
    if part == WHOLE:
        return math.nan
    last_s = max(filter(math.isfinite, (it.last_s() for it in sources)), default=None)
    if last_s is None:
        raise NoRecording("nothing was recorded", "montauk record does")
    return last_s


def _exported(
    folder: Path, out: Path, wanted: Within, tables: frozenset[str]
) -> Sequence[str]:
    """Export a recording with the segment that is being written; return complaints."""
    with closing(Folder.opened(folder)) as recording:
        done = export(recording, out, everything=True, within=wanted, tables=tables)
    return done.complaints


@contextmanager
def _removing_on_signals() -> Iterator[None]:
    """Exit on the usual signals as on an error: temporary folders are removed."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    handled = [it for it in _SIGNALS if before[it] is not signal.SIG_IGN]
    for number in handled:
        signal.signal(number, _exit)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, before[number])


def _exit(number: int, _frame: object) -> None:
    sys.exit(128 + number)
