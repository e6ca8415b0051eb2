"""Saving: only changed entries of the file change, everything else stays.

The file is replaced in one step (`replacing`), so a concurrent reader, or a power
failure, finds either the old or the new file complete.
"""

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from montauk_tui import files
from montauk_tui.config.changes import Change
from montauk_tui.config.editing import NotEditable, edited, says
from montauk_tui.config.options import KNOWN
from montauk_tui.config.readers import one_line
from montauk_tui.config.reading import parse
from montauk_tui.config.replacing import read, replace
from montauk_tui.errors import MOST_COMPLAINTS, MontaukError
from montauk_tui.model.text import named

_ATTEMPTS: Final = 5
"""Number of attempts if another program writes at the same time."""


class SaveFailed(MontaukError):
    """The settings could not be saved; the file is unchanged."""


class Saved(NamedTuple):
    """The result of saving."""

    path: Path
    written: tuple[Change, ...]
    """Entries that were written."""
    unknown: tuple[str, ...]
    """Unknown keys; they stay."""
    lost: tuple[str, ...] = ()
    """Properties of the old file that were lost."""


def save(path: Path, wanted: Sequence[Change]) -> Saved:
    """Change entries of a settings file.

    A symbolic link stays one: its target is written.

    Raises:
        SaveFailed: The file is unchanged.
    """
    name = named(path)
    try:
        if why := files.distrust(path, os.environ):
            raise PermissionError(errno.EACCES, why)
        target = Path(os.path.realpath(path))
        for _ in range(_ATTEMPTS):
            old = read(target)
            if old and (why := files.distrust_read(target, old, os.environ)):
                raise PermissionError(errno.EACCES, why)
            before = b"" if old is None else old.data
            document = parse(before)
            written = [change for change in wanted if not says(document, change)]
            unknown = tuple(one_line(key) for key in document if key not in KNOWN)
            done = Saved(path, tuple(written), unknown)
            if not written:
                return done
            lost = replace(target, old, edited(before, written))
            if lost is not None:
                return done._replace(lost=tuple(map(one_line, lost)))
    except OSError as error:
        reason = f"{name}: cannot be written: {error.strerror or error}"
        raise SaveFailed(
            one_line(reason), "make file and folder writable, or set MONTAUK_CONFIG"
        ) from error
    except NotEditable as error:
        reason = f"{name}: {one_line(error)}"
        remedy = "write its tables as [keys] and [[tabs]], then save again"
        raise SaveFailed(reason, remedy) from error
    except (ValueError, RecursionError) as error:
        reason = f"{name}: is not TOML: {one_line(error)}"
        raise SaveFailed(reason, "fix or move the file, then save again") from error
    reason = f"{name}: another program keeps changing it"
    raise SaveFailed(reason, "save again later")


def summary(saved: Saved, shown: str) -> str:
    """Return one line about what was saved; `shown` is the path to display."""
    if not saved.written:
        return f"nothing to save: {shown} is up to date"
    message = f"saved {_list([*dict.fromkeys(map(str, saved.written))])} in {shown}"
    if saved.lost:
        message += f"; not kept: {_list(saved.lost)}"
    if saved.unknown:
        message += f"; kept unknown keys: {_list(saved.unknown)}"
    return message


def _list(names: Sequence[str]) -> str:
    more = len(names) - MOST_COMPLAINTS
    shown = ", ".join(names[:MOST_COMPLAINTS])
    return f"{shown} and {more:,} more" if more > 0 else shown
