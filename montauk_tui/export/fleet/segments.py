"""The segments of a recording that are closed, and the moments of each."""

from contextlib import closing
from typing import NamedTuple, Self

from montauk_tui.errors import MontaukError
from montauk_tui.model.text import clean_text
from montauk_tui.recorder.folder import SUFFIX, Folder
from montauk_tui.recorder.reader import Begin, Part, begin_of, in_order, read_part
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

    names: tuple[str, ...]
    """All segments in the order in which they were recorded, then those that cannot be
    read."""
    open: frozenset[str]
    """Those that somebody may still write to."""


def found_in(folder: Folder) -> Found:
    """Return the segments of a folder.

    Without an index are the one that is being written, and those whose recorder was
    killed. Only the last of these can be the one, and only while somebody records; it
    may have no head yet, and the clock by which files are dated may have been set.
    """
    stored = folder.segments()
    seen = {one.name: _seen(folder, one.name) for one in stored}
    readable = {name: one.begin for name, one in seen.items() if one is not None}
    names = [*readable]
    ordered = [names[place] for place in in_order([*readable.values()])]
    unsure = {name for name, one in seen.items() if one is None or not one.is_closed}
    dated = [one for one in stored if one.name in unsure]
    still = {max(dated, key=lambda one: one.modified_ns).name} if dated else set()
    still |= {*[name for name in ordered if name in unsure][-1:]}
    unreadable = (one.name for one in stored if one.name not in readable)
    is_open = bool(still) and folder.is_locked()
    return Found((*ordered, *unreadable), frozenset(still if is_open else ()))


class _Seen(NamedTuple):
    begin: Begin
    is_closed: bool


def _seen(folder: Folder, name: str) -> _Seen | None:
    """Return what an index says; None for what was just created, or is no segment."""
    try:
        with closing(Segment.opened(folder, name)) as segment:
            return _Seen(begin_of(segment.part), segment.part.segment.is_closed)
    except MontaukError:
        return None
