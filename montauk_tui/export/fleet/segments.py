"""The segments of a recording that are closed, and the moments of each."""

from contextlib import closing
from typing import NamedTuple, Self

from montauk_tui.errors import MontaukError
from montauk_tui.model.text import clean_text
from montauk_tui.recorder.folder import SUFFIX, Folder
from montauk_tui.recorder.reader import Part, read_part
from montauk_tui.recorder.segment import Segment as Stored


class Segment(NamedTuple):
    """A segment, open for reading."""

    name: str
    part: Part

    @classmethod
    def opened(cls, folder: Folder, name: str) -> Self:
        """Open a segment of a folder.

        Raises:
            MontaukError: It cannot be read.
        """
        try:
            return cls(name, read_part(Stored(folder.open(name))))
        except OSError as error:
            why = error.strerror
        except MontaukError as error:
            why = error.line
        raise MontaukError(f"{clean_text(name)}: {why}")

    @property
    def stem(self) -> str:
        """The name without its suffix: files of an export are named by it."""
        return self.name.removesuffix(SUFFIX)

    def follows(self, other: Self) -> bool:
        """Tell whether another segment is of the same boot of the same host."""
        return self.part.host == other.part.host

    def close(self) -> None:
        """Close the file."""
        self.part.segment.close()


class Found(NamedTuple):
    """What a folder has."""

    closed: tuple[str, ...]
    """Names of segments that are complete, oldest first."""
    open: tuple[str, ...]
    """Those that somebody may still write to."""


def found_in(folder: Folder) -> Found:
    """Return the segments of a folder.

    Without an index are the one that is being written, and those whose recorder was
    killed. Only the last of these can be the one, and only while somebody records.
    """
    stored = folder.segments()
    unsure = [one for one in stored if not _has_index(folder, one.name)]
    last = max(unsure, key=lambda one: one.modified_ns, default=None)
    is_open = last is not None and folder.is_locked()
    still = (last.name,) if last is not None and is_open else ()
    return Found(tuple(one.name for one in stored if one.name not in still), still)


def _has_index(folder: Folder, name: str) -> bool:
    """Tell whether a segment was closed; not one that has just been created."""
    try:
        with closing(Segment.opened(folder, name)) as segment:
            return segment.part.segment.is_closed
    except MontaukError:
        return False
