"""Argument vectors that are kept in part."""

from collections.abc import Sequence

import numpy as np

from montauk_tui.model.schema import Bytes, Ints


def whole_bytes(kept: Bytes, length: Ints, room: int) -> Ints:
    """Return the lengths of arguments, with a zero behind the last, 0 for none.

    Zeros at the end are not missing arguments: they are empty arguments, or the rest
    of longer ones that a title replaced (setproctitle(3)), which is then one text.

    Args:
        kept: The arguments, zeros at the end dropped.
        length: How long they were, kept or not.
        room: How many bytes were read of them at most.
    """
    width = kept.dtype.itemsize
    letters = np.frombuffer(kept.tobytes(), np.uint8).reshape(len(kept), width)
    is_letter = letters != 0
    # np.char.str_len takes as long, and its module 1.5 ms of a start.
    behind = is_letter[:, ::-1].argmax(axis=1)
    known: Ints = np.where(is_letter.any(axis=1), width - behind, 0)
    is_one = np.count_nonzero(is_letter, axis=1) == known
    is_title = is_one & (known < room - 1)
    is_whole = (length > 0) & ((length <= room) | is_title)
    whole: Ints = np.where(is_whole, known + 1, length)
    return whole


def kept_and_whole(raw: Sequence[bytes], room: int, width: int) -> tuple[Bytes, Ints]:
    """Return the first `room` bytes of each and the lengths that say what is cut."""
    kept = np.array([one[:room] for one in raw], dtype=f"S{width}")
    stripped = [len(one.rstrip(b"\0")) + 1 if one else 0 for one in raw]
    return kept, np.array(stripped, dtype=np.int64)
