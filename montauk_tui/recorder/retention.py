"""Removes the oldest segments, before there is another one."""

from typing import Final, NamedTuple

from montauk_tui.recorder.folder import Folder, Stored

_NS_PER_S: Final = 10**9


class Limits(NamedTuple):
    """What a folder keeps."""

    age_s: float = 7 * 86_400.0
    size_bytes: int = 2 << 30
    """Of all segments, the one being written included."""


def make_room(folder: Folder, limits: Limits, needed_bytes: int, now_ns: int) -> None:
    """Remove segments that are too old, and the oldest until `needed_bytes` fit.

    Raises:
        OSError: One cannot be removed.
    """
    for name in excess(folder.segments(), limits, needed_bytes, now_ns):
        folder.remove(name)


def excess(
    segments: list[Stored], limits: Limits, needed_bytes: int, now_ns: int
) -> list[str]:
    """Return the segments to remove, oldest first."""
    total = sum(one.size for one in segments)
    oldest_ns = now_ns - int(limits.age_s * _NS_PER_S)
    removed = []
    for one in segments:
        if one.modified_ns >= oldest_ns and (total + needed_bytes <= limits.size_bytes):
            break
        removed.append(one.name)
        total -= one.size
    return removed
