"""What a query reads: files of exports, and recordings."""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from montauk_tui.errors import UsageError
from montauk_tui.export.fleet.parquet import SUFFIX
from montauk_tui.export.fleet.schema import TABLES
from montauk_tui.model.text import named
from montauk_tui.recorder.folder import SUFFIX as SEGMENT

_MAGIC: Final = b"PAR1"
_LENGTH_BYTES: Final = 4
_LEAST_BYTES: Final = 2 * len(_MAGIC) + _LENGTH_BYTES

_PART: Final = re.compile(r"-\d+")
_PATTERNS: Final = frozenset("*?[=")
"""DuckDB would take names with them for patterns, or for hosts and dates."""


class Files(NamedTuple):
    """The files of one export."""

    by_table: dict[str, list[Path]]
    complaints: list[str]


def kinds_of(folder: Path) -> tuple[bool, bool]:
    """Tell whether a folder is an export, and whether it is a recording.

    Raises:
        UsageError: It is neither, or cannot be read.
    """
    try:
        names = {path.name for path in folder.iterdir()}
    except OSError as error:
        reason = f"{named(folder)}: {error.strerror}"
        raise UsageError(reason, "name another") from error
    is_export = not names.isdisjoint(TABLES)
    is_recording = any(name.endswith(SEGMENT) for name in names)
    if not is_export and not is_recording:
        raise UsageError(
            f"there is neither a recording nor an export of one in {named(folder)}",
            "montauk record makes one",
        )
    return is_export, is_recording


def files_of(folder: Path) -> Files:
    """Return the complete files of an export.

    Files of a segment that `hosts` does not list yet are those of an export that still
    runs, or was killed: they are left out.

    Raises:
        UsageError: Its path cannot be read by DuckDB.
    """
    if not _PATTERNS.isdisjoint(str(folder)):
        raise UsageError(
            f"{named(folder)} has one of {' '.join(sorted(_PATTERNS))} in its path",
            "name it by a symbolic link without them",
        )
    complaints: list[str] = []
    by_table: dict[str, list[Path]] = {}
    for table in TABLES:
        by_table[table] = found = []
        for path in _candidates(folder / table):
            if is_complete(path):
                found.append(path)
            else:
                line = f"{named(path)} is incomplete, or no Parquet file: left out"
                complaints.append(line)
    finished = {path.stem for path in by_table["hosts"]}
    if (folder / "hosts").is_dir():
        left = set[str]()
        for table, paths in by_table.items():
            if table != "hosts":
                by_table[table] = [it for it in paths if _segment(it) in finished]
                left |= {*map(_segment, paths)} - finished
        complaints += [
            f"{named(it)} is not in hosts yet: left out" for it in sorted(left)
        ]
    return Files(by_table, complaints)


def _segment(path: Path) -> str:
    stem, dash, number = path.stem.rpartition("-")
    return stem if _PART.fullmatch(dash + number) else path.stem


def _candidates(folder: Path) -> Iterator[Path]:
    """Yield the files of a table; names with a point at the start are not finished."""
    for path in sorted(folder.glob(f"host=*/date=*/*{SUFFIX}")):
        inner = path.relative_to(folder)
        is_plain = _PATTERNS.isdisjoint(path.name) and str(inner).count("=") == (
            len(("host", "date"))
        )
        is_plain &= _PATTERNS.isdisjoint(inner.parts[0].removeprefix("host="))
        if is_plain and _is_date(inner.parts[1]) and not path.name.startswith("."):
            yield path


def _is_date(part: str) -> bool:
    try:
        date.fromisoformat(part.removeprefix("date="))
    except ValueError:
        return False
    return True


def is_complete(path: Path) -> bool:
    """Tell whether a file has the start and the end of a Parquet file."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return False
    try:
        status = os.fstat(descriptor)
        size = status.st_size
        if not stat.S_ISREG(status.st_mode) or size < _LEAST_BYTES:
            return False
        head = os.pread(descriptor, len(_MAGIC), 0)
        tail = os.pread(descriptor, _LENGTH_BYTES + len(_MAGIC), size - 8)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    length = int.from_bytes(tail[:_LENGTH_BYTES], "little")
    return head == _MAGIC == tail[_LENGTH_BYTES:] and 0 < length <= size - _LEAST_BYTES


def unique(exports: Iterable[tuple[Path, Files]]) -> Iterator[tuple[Path, Files]]:
    """Yield exports without what an earlier one has: copies count once.

    Two exports of a segment may have it in another number of files, where it was
    thinned meanwhile: it is that of the first as a whole.
    """
    seen: set[tuple[str, str, str]] = set()
    for folder, files in exports:
        keys = {
            path: (table, path.parts[-3], _segment(path))
            for table, paths in files.by_table.items()
            for path in paths
        }
        by_table = {
            table: [path for path in paths if keys[path] not in seen]
            for table, paths in files.by_table.items()
        }
        seen.update(keys.values())
        yield folder, Files(by_table, files.complaints)
