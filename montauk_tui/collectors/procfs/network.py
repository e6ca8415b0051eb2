"""Bytes through the network interfaces, each of them counted once."""

import os
from collections.abc import Collection
from typing import Final

from montauk_tui.model.devices import Interface
from montauk_tui.model.text import clean

_LOOPBACK: Final = b"lo"
_RECEIVED, _SENT, _NUMBERS = 0, 8, 16
"""Columns of /proc/net/dev behind the name (dev_seq_printf_stats in
net/core/net-procfs.c)."""

_DIGITS: Final = 20


def parse_network(text: bytes) -> dict[bytes, tuple[int, int]]:
    """Return the bytes received and sent by interface, of all but the loopback.

    Raises:
        ValueError: It is no /proc/net/dev.
    """
    head, *lines = text.splitlines()[1:] or [b""]
    if b"|" not in head:
        reason = "/proc/net/dev has no titles"
        raise ValueError(reason)
    found: dict[bytes, tuple[int, int]] = {}
    for line in lines:
        # A name may hold a colon: that of an alias does.
        name, colon, numbers = line.rpartition(b":")
        words = numbers.split()
        if not colon or len(words) < _NUMBERS:
            reason = "a line of /proc/net/dev is cut"
            raise ValueError(reason)
        name = name.strip()
        if name != _LOOPBACK:
            found[name] = (_count(words[_RECEIVED]), _count(words[_SENT]))
    return found


def _count(word: bytes) -> int:
    if not word.isdigit() or len(word) > _DIGITS:
        raise ValueError(f"{word[:40]!r} is not a count")
    return int(word)


class Interfaces:
    """Tells which interfaces to count.

    What goes through a bridge, a bond, a VLAN, a tunnel or to a container goes through
    hardware too: where there is hardware, only that counts. A container has none: there
    it is what no other interface is built on.
    """

    def __init__(self, sys: str = "/sys") -> None:
        """Look below `sys`."""
        self._folder = f"{sys}/class/net"
        self._names: frozenset[bytes] = frozenset()
        self._counted: frozenset[bytes] = frozenset()

    def select(self, text: bytes) -> tuple[Interface, ...]:
        """Return the interfaces of /proc/net/dev that count.

        Raises:
            ValueError: The text is something else.
        """
        found = parse_network(text)
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
        """Tell whether an interface carries what another one carries as well."""
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
