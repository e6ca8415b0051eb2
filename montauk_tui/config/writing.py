"""Saving: only what is to be different changes in the file, the rest stays as it is.

The new file takes the place of the old one in one step (`replacing`), so that whoever
reads meanwhile, or loses power, has the one or the other whole.
"""

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from montauk_tui import files
from montauk_tui.config.changes import Change
from montauk_tui.config.editing import edited, says
from montauk_tui.config.options import KNOWN
from montauk_tui.config.readers import one_line
from montauk_tui.config.reading import parse
from montauk_tui.config.replacing import read, replace
from montauk_tui.errors import MOST_COMPLAINTS, MontaukError
from montauk_tui.model.text import named

_ATTEMPTS: Final = 5
"""How often to start over where somebody else writes at the same time."""


class SaveFailed(MontaukError):
    """The settings could not be saved; the file is as it was."""


class Saved(NamedTuple):
    """What came of saving."""

    path: Path
    written: tuple[Change, ...]
    """What the file did not say before."""
    unknown: tuple[str, ...]
    """Keys that this version does not know; they stay."""
    lost: tuple[str, ...] = ()
    """What the old file had and the new one has not."""


def save(path: Path, wanted: Sequence[Change]) -> Saved:
    """Make a file say what is wanted, and nothing else that it did not say.

    A symbolic link stays one: what it leads to is written.

    Raises:
        SaveFailed: The file is as it was.
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
    except (ValueError, RecursionError) as error:
        reason = f"{name}: is not TOML: {one_line(error)}"
        raise SaveFailed(reason, "fix or move the file, then save again") from error
    reason = f"{name}: another program keeps changing it"
    raise SaveFailed(reason, "save again later")


def summary(saved: Saved, shown: str) -> str:
    """Return what was saved in one line; `shown` is the path as the reader knows it."""
    if not saved.written:
        return f"nothing to save: {shown} is up to date"
    said = f"saved {_list([*dict.fromkeys(map(str, saved.written))])} in {shown}"
    if saved.lost:
        said += f"; not kept: {_list(saved.lost)}"
    if saved.unknown:
        said += f"; kept unknown keys: {_list(saved.unknown)}"
    return said


def _list(names: Sequence[str]) -> str:
    more = len(names) - MOST_COMPLAINTS
    shown = ", ".join(names[:MOST_COMPLAINTS])
    return f"{shown} and {more:,} more" if more > 0 else shown
