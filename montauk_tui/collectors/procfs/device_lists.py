"""Disks and interfaces one by one, with everything that the kernel counts for them."""

import math
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from montauk_tui.collectors.procfs.figures import Reasons, decimal, without_cut_word
from montauk_tui.collectors.procfs.filesystems import FileSystems
from montauk_tui.model.devices import (
    DISKS,
    FILESYSTEMS,
    INTERFACES,
    NO_LISTS,
    DeviceLists,
    Listed,
)
from montauk_tui.model.schema import Need
from montauk_tui.model.text import clean

LISTS: Final = DISKS | INTERFACES | FILESYSTEMS

MOST_DEVICES: Final = 512
"""Of a kind, listed in a refresh; an interface costs two files."""

_MOST: Final = 9.2e18
"""Larger values are negative ones, printed as unsigned 64 bits."""

_DISK: Final = {
    "reads": 3, "read_sectors": 5, "read_ms": 6, "writes": 7, "write_sectors": 9,
    "write_ms": 10, "busy_ms": 12, "queued_ms": 13,
}  # fmt: skip
"""Columns of /proc/diskstats (ABI/testing/procfs-diskstats)."""

_NAME: Final = 2

_OFTEN_UNUSED: Final = re.compile(rb"(?:loop|ram|zram|nbd|fd|sr)\d+", re.ASCII)
"""Devices that exist before they are used: without I/O they are not listed."""

_NET: Final = {
    "in_bytes": 0, "in_packets": 1, "in_errors": 2, "in_drops": 3,
    "out_bytes": 8, "out_packets": 9, "out_errors": 10, "out_drops": 11,
}  # fmt: skip
"""Columns of /proc/net/dev behind the name (dev_seq_printf_stats in
net/core/net-procfs.c)."""

_NET_NUMBERS: Final = 16

Read = Callable[[str], bytes]


class DeviceListReader:
    """Reads the lists that are needed."""

    def __init__(
        self, read: Read, sys: str = "/sys", filesystems: FileSystems | None = None
    ) -> None:
        """Read files of /proc with `read`, and others below `sys`."""
        self._read = read
        self._sys = sys
        self._sizes: dict[bytes, float | None] = {}
        self._filesystems = filesystems or FileSystems()

    def read(self, needs: Need, reasons: Reasons) -> DeviceLists:
        """Return what is needed; what cannot be read is empty, with a reason."""
        if not needs & LISTS:
            return NO_LISTS

        def listed(
            need: Need, file: str, parse: Callable[[bytes], Mapping[str, Listed]]
        ) -> Mapping[str, Listed] | None:
            if need not in needs:
                return None
            try:
                return parse(self._read(file))
            except OSError as error:
                reasons.add_error(file, error)
                return {}

        is_patient = Need.AT_ONCE in needs
        return DeviceLists(
            time.monotonic(),
            listed(DISKS, "diskstats", lambda text: self._disks(text, reasons)),
            listed(INTERFACES, "net/dev", lambda text: self._interfaces(text, reasons)),
            listed(
                FILESYSTEMS, "self/mountinfo",
                lambda text: self._filesystems.read(
                    text, reasons, is_patient=is_patient
                ),
            ),
        )  # fmt: skip

    # --- disks ------------------------------------------------------------------------

    def _disks(self, text: bytes, reasons: Reasons) -> dict[str, Listed]:
        found: dict[str, Listed] = {}
        sizes: dict[bytes, float | None] = {}
        for line in _lines(text, "diskstats", reasons):
            words = line.split()
            if len(words) <= _NAME:
                continue
            name = words[_NAME]
            if name not in self._sizes:
                self._sizes[name] = self._size(name)
            size = sizes[name] = self._sizes[name]
            values = _numbers(words, _DISK)
            is_unused = not values.get("reads") and not values.get("writes")
            if size is None or (is_unused and _OFTEN_UNUSED.fullmatch(name)):
                continue
            why = "" if len(values) == len(_DISK) else "its line is cut or odd"
            values["size_bytes"] = size
            found[clean(name)] = Listed(values, why=why)
        # The name of a removed device may be reused by another.
        self._sizes = sizes
        return found

    def _size(self, name: bytes) -> float | None:
        """Return the size of a whole disk, None for a partition."""
        folder = f"{self._sys}/block/{os.fsdecode(name).replace('/', '!')}"
        if not os.path.lexists(folder):
            return None
        return _small_number(f"{folder}/size") * 512

    # --- interfaces -------------------------------------------------------------------

    def _interfaces(self, text: bytes, reasons: Reasons) -> dict[str, Listed]:
        found: dict[str, Listed] = {}
        # Two lines of titles.
        for line in _lines(text.partition(b"\n")[2], "net/dev", reasons, 1):
            # A name may contain a colon, as that of an alias does.
            raw, colon, numbers = line.rpartition(b":")
            name, words = raw.strip(), numbers.split()
            if not colon:
                continue
            values = _numbers(words if len(words) >= _NET_NUMBERS else [], _NET)
            folder = f"{self._sys}/class/net/{os.fsdecode(name)}"
            # In Mb/s; of one that is down reading fails, -1 is unknown.
            values["speed_bits"] = _small_number(f"{folder}/speed") * 1e6
            why = "" if len(values) > len(_NET) else "its line is cut or odd"
            state = clean(_small(f"{folder}/operstate"))
            found[clean(name)] = Listed(values, {"net_state": state}, why)
        return found


def _lines(text: bytes, file: str, reasons: Reasons, heads: int = 0) -> Iterator[bytes]:
    """Yield the first lines, and say how many there are more."""
    lines = without_cut_word(text).splitlines()[heads:]
    if len(lines) > MOST_DEVICES:
        unread = len(lines) - MOST_DEVICES
        reasons.add(file, f"{unread} of {len(lines)} lines are not listed")
    yield from lines[:MOST_DEVICES]


def _numbers(words: list[bytes], columns: Mapping[str, int]) -> dict[str, float]:
    """Return the numbers of a line that are valid."""
    found = {
        name: decimal(words[at]) for name, at in columns.items() if at < len(words)
    }
    return {name: number for name, number in found.items() if number <= _MOST}


def _small(path: str) -> bytes:
    """Return a file with one word, empty where it cannot be read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError):
        return b""
    try:
        return os.read(fd, 64).strip()
    except OSError:
        return b""
    finally:
        os.close(fd)


def _small_number(path: str) -> float:
    word = _small(path)
    return decimal(word) if word else math.nan
