"""The bytes of the disks, each disk counted once."""

import math
import os
import re
from typing import Final

from montauk_tui.collectors.procfs.figures import Reasons, without_cut_word
from montauk_tui.model.devices import Disk
from montauk_tui.model.text import clean

_NAME, _READ, _WRITTEN, _BUSY = 2, 5, 9, 12
"""Columns of /proc/diskstats (ABI/testing/procfs-diskstats)."""

_SECTOR_BYTES: Final = 512
"""Independent of the disk's own sector size (include/linux/blk_types.h)."""

_LAYER: Final = re.compile(
    rb"(?:loop|ram|zram|dm-|md|bcache|drbd|zd)\d.*|nvme\d+c\d+n\d+", re.ASCII
)
"""Devices made of other devices, of files or of memory, and the paths to one NVMe
namespace: their work is counted by the devices below or above them."""

_MOST: Final = 9.2e18
"""Larger values are negative ones, printed as unsigned 64 bits."""


class Disks:
    """Tells which lines of /proc/diskstats are whole disks."""

    def __init__(self, sys: str = "/sys") -> None:
        """Look below `sys`."""
        self._folder = f"{sys}/block"
        self._known: dict[bytes, bool] = {}

    def select(self, text: bytes, reasons: Reasons) -> tuple[Disk, ...]:
        """Return the whole disks in /proc/diskstats; NaN for unknown."""
        found: dict[bytes, Disk] = {}
        known: dict[bytes, bool] = {}
        for line in without_cut_word(text).splitlines():
            words = line.split(None, _BUSY + 1)
            if len(words) <= _NAME:
                reasons.add("diskstats", "a line has no name")
                continue
            name = words[_NAME]
            is_disk = self._known.get(name)
            if is_disk is None:
                is_disk = self._is_disk(name)
            known[name] = is_disk
            if is_disk and name not in found:
                found[name] = _disk(clean(name), words, reasons)
        # The name of a removed device may be reused by another.
        self._known = known
        return tuple(found.values())

    def _is_disk(self, name: bytes) -> bool:
        """Tell a disk from its partitions, which have no folder of their own."""
        if _LAYER.fullmatch(name):
            return False
        folder = os.fsdecode(name).replace("/", "!")
        return os.path.lexists(f"{self._folder}/{folder}")


def _disk(name: str, words: list[bytes], reasons: Reasons) -> Disk:
    if len(words) <= _BUSY:
        reasons.add("diskstats", f"{name} is cut")
        return Disk(name, math.nan, math.nan, math.nan)
    read, written, busy_ms = (
        reasons.number("diskstats", f"{name} {what}", words[column], _MOST)
        for what, column in (("read", _READ), ("written", _WRITTEN), ("busy", _BUSY))
    )
    return Disk(name, read * _SECTOR_BYTES, written * _SECTOR_BYTES, busy_ms / 1000)
