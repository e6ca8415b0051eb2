"""Bytes through the network interfaces, each byte counted once."""

import math
import os
from collections.abc import Collection
from typing import Final

from montauk_tui.collectors.procfs.figures import Reasons, without_cut_word
from montauk_tui.model.devices import Interface
from montauk_tui.model.text import clean

_LOOPBACK: Final = b"lo"
_RECEIVED, _SENT, _NUMBERS = 0, 8, 16
"""Columns of /proc/net/dev behind the name (dev_seq_printf_stats in
net/core/net-procfs.c)."""

_MOST_BYTES: Final = 9.2e18
"""Larger values are negative ones, printed as unsigned 64 bits."""


def parse_network(
    text: bytes, reasons: Reasons
) -> dict[bytes, tuple[float, float]] | None:
    """Return the bytes received and sent by interface, of all but the loopback.

    NaN for a value that a line lacks; None if it is not a /proc/net/dev.
    """
    head, *lines = without_cut_word(text).splitlines()[1:] or [b""]
    if b"|" not in head:
        reasons.add("net/dev", "it has no titles")
        return None
    found: dict[bytes, tuple[float, float]] = {}
    for line in lines:
        # A name may contain a colon, as that of an alias does.
        name, colon, numbers = line.rpartition(b":")
        name = name.strip()
        if not colon:
            reasons.add("net/dev", "a line has no name")
        elif name != _LOOPBACK and name not in found:
            found[name] = _counts(clean(name), numbers.split(), reasons)
    return found


def _counts(name: str, words: list[bytes], reasons: Reasons) -> tuple[float, float]:
    if len(words) < _NUMBERS:
        reasons.add("net/dev", f"{name} is cut")
        return math.nan, math.nan
    received, sent = (
        reasons.number("net/dev", f"{name} {what}", words[column], _MOST_BYTES)
        for what, column in (("received", _RECEIVED), ("sent", _SENT))
    )
    return received, sent


class Interfaces:
    """Tells which interfaces to count.

    Traffic of a bridge, bond, VLAN, tunnel or container passes through hardware too:
    if there is hardware, only that counts. A container has none: there the interfaces
    count that are not built on others.
    """

    def __init__(self, sys: str = "/sys") -> None:
        """Look below `sys`."""
        self._folder = f"{sys}/class/net"
        self._names: frozenset[bytes] = frozenset()
        self._counted: frozenset[bytes] = frozenset()

    def select(self, text: bytes, reasons: Reasons) -> tuple[Interface, ...] | None:
        """Return the interfaces of /proc/net/dev that count; None: invalid text."""
        found = parse_network(text, reasons)
        if found is None:
            return None
        if found.keys() != self._names:
            self._names = frozenset(found)
            self._counted = self._count(self._names)
        return tuple(
            Interface(clean(name), received, sent)
            for name, (received, sent) in found.items()
            if name in self._counted
        )

    def _count(self, names: Collection[bytes]) -> frozenset[bytes]:
        hardware = {name for name in names if self._has(name, "device")}
        if hardware:
            # Of a virtual function and the interface that fronts it, the latter.
            parts = {name for name in hardware if self._master(name) in hardware}
            return frozenset(hardware - parts)
        return frozenset(name for name in names if not self._is_layer(name))

    def _is_layer(self, name: bytes) -> bool:
        """Tell whether another interface carries the same traffic."""
        if self._has(name, "master") or self._has(name, "bridge"):
            return True
        try:
            entries = os.listdir(self._path(name))  # noqa: PTH208
        except OSError:
            return False
        return any(entry.startswith("lower_") for entry in entries)

    def _has(self, name: bytes, entry: str) -> bool:
        return os.path.lexists(f"{self._path(name)}/{entry}")

    def _master(self, name: bytes) -> bytes:
        try:
            target = os.readlink(f"{self._path(name)}/master")  # noqa: PTH115
        except OSError:
            return b""
        return os.path.basename(os.fsencode(target))  # noqa: PTH119

    def _path(self, name: bytes) -> str:
        return f"{self._folder}/{os.fsdecode(name)}"
