"""taskstats: the accounting record of every exiting thread, by generic netlink.

Sources: kernel/taskstats.c, kernel/tsacct.c, kernel/delayacct.c,
include/uapi/linux/taskstats.h, genetlink.h and acct.h.
"""

import contextlib
import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from montauk_tui.collectors.netlink.batch import Raw, Receiver

Stats = npt.NDArray[np.void]
"""Records of STATS."""

STATS: Final = np.dtype(
    [
        *((name, np.int64) for name in (
            "tid", "tgid", "ppid", "uid", "code", "run_ns", "utime_us", "stime_us",
            "elapsed_us", "peak_rss_bytes", "read_bytes", "write_bytes",
            "cancelled_bytes",
        )),
        ("is_last", np.bool_),
        ("is_group", np.bool_),
        ("comm", "S32"),
    ]
)  # fmt: skip
"""The exit of a thread. If `is_last`, it was the last of its process, and `elapsed_us`
is the lifetime of the process. If `is_group`, the process had other threads, and
`run_ns` is the sum over all of them. `tgid` is 0 where the kernel does not report it.
`peak_rss_bytes` is that of the memory map, which an exec replaces: it is the program's
own. `cancelled_bytes` were to be written and were discarded before."""

_NETLINK_GENERIC: Final = 16
_CONTROL: Final = 0x10
_GET_FAMILY: Final = 3
_FAMILY_ID: Final = 1
_FAMILY_NAME: Final = 2
_GET: Final = 1
_BY_PID: Final = 1
_REGISTER_CPUS: Final = 3
_NLMSG_ERROR: Final = 2
_REQUEST_ACK: Final = 5
_ANSWER_S: Final = 0.5
_ATTRIBUTES_AT: Final = 20

_NULL: Final = 6
_AGGREGATE_TGID: Final = 5
_IS_LAST: Final = 0x20
"""AGROUP, from version 12."""

_SLOT_BYTES: Final = 2048
"""struct taskstats has 560 bytes in version 16; the last thread of many sends two."""
_LEAST_BYTES: Final = 328
"""Of version 8, which every kernel since 2.6.34 has."""

_VERSION_WITH_TGID: Final = 12
_VERSION_SHIFTED: Final = 15
"""It put six fields in front of `cpu_run_real_total` and six more behind; version 16
moved them to the end."""

_FIELDS: Final = {
    "run_real_ns": ("u8", 64),
    "run_ns": ("u8", 72),
    "comm": ("S32", 80),
    "uid": ("u4", 120),
    "tid": ("u4", 128),
    "ppid": ("u4", 132),
    "elapsed_us": ("u8", 144),
    "utime_us": ("u8", 152),
    "stime_us": ("u8", 160),
    "peak_kib": ("u8", 200),
    "read_bytes": ("u8", 248),
    "write_bytes": ("u8", 256),
    "cancelled_bytes": ("u8", 264),
}
_GROUP_FIELDS: Final = {"tgid": ("u4", 368), "group_elapsed_us": ("u8", 376)}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things lie in the messages of this kernel."""

    version: int
    stats_at: int
    """Of the first struct taskstats in a message."""
    stats_bytes: int
    second_at: int
    """Of the aggregate of the process, behind that of its last thread."""

    @classmethod
    def of(cls, message: bytes) -> "Layout":
        """Read it from a message about one thread.

        Raises:
            OSError: The message is not one.
        """
        # Where structs must be aligned: before Linux 4.7 in front of each aggregate,
        # since then in the first alone, whose length aligns the second.
        padding = 4 if _attribute(message, _ATTRIBUTES_AT)[1] == _NULL else 0
        stats_at = _ATTRIBUTES_AT + padding + 16
        if _attribute(message, stats_at - 4) == (4, _NULL):
            stats_at += 4
        length, _ = _attribute(message, stats_at - 4)
        if length - 4 < _LEAST_BYTES or len(message) < stats_at + length - 4:
            raise OSError("not a message of taskstats")
        (version,) = struct.unpack_from("=H", message, stats_at)
        second_at = stats_at + length - 4 + padding + 16
        return cls(version, stats_at, length - 4, second_at)

    def wire(self) -> "np.dtype[np.void]":
        """Return the type of a slot."""
        shift = 48 if self.version == _VERSION_SHIFTED else 0
        fields = {"length": ("u4", 0)}
        fields |= {
            name: (kind, self.stats_at + at) for name, (kind, at) in _LEADING.items()
        }
        fields |= {
            name: (kind, self.stats_at + shift + at)
            for name, (kind, at) in _FIELDS.items()
        }
        if self.version >= _VERSION_WITH_TGID:
            fields |= {
                name: (kind, self.stats_at + 2 * shift + at)
                for name, (kind, at) in _GROUP_FIELDS.items()
            }
        second = self.second_at
        fields |= {
            "second_kind": ("u2", second - 14),
            "second_tgid": ("u4", second - 8),
            "second_run_real_ns": ("u8", second + shift + 64),
            "second_run_ns": ("u8", second + shift + 72),
        }
        kinds, offsets = zip(*fields.values(), strict=True)
        return np.dtype({
            "names": list(fields), "formats": list(kinds), "offsets": list(offsets),
            "itemsize": _SLOT_BYTES,
        })  # fmt: skip


_LEADING: Final = {"code": ("u4", 4), "flags": ("u1", 8)}


class ExitListener:
    """Receives the record of every exiting thread, on every CPU."""

    def __init__(self, buffer_bytes: int) -> None:
        """Register.

        Raises:
            OSError: The kernel has no taskstats (ENOENT), or CAP_NET_ADMIN is missing.
        """
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_GENERIC)
        with contextlib.ExitStack() as undo:
            undo.callback(sock.close)
            self.receiver = Receiver(sock, _SLOT_BYTES, _ATTRIBUTES_AT)
            self.receiver.grow(buffer_bytes)
            sock.bind((0, 0))
            sock.settimeout(_ANSWER_S)
            family = _family(sock)
            pid = struct.pack("=I", os.getpid())
            self._layout = Layout.of(_ask(sock, family, _GET, _BY_PID, pid))
            self._wire = self._layout.wire()
            cpus = Path("/sys/devices/system/cpu/possible").read_bytes().strip()
            _ask(sock, family, _GET, _REGISTER_CPUS, cpus + b"\0")
            sock.settimeout(0)
            undo.pop_all()

    @property
    def names_processes(self) -> bool:
        """Whether each record names its process and whether it is its last."""
        return self._layout.version >= _VERSION_WITH_TGID

    def read(self) -> Stats:
        """Return the threads that have exited since the last call.

        Raises:
            OSError: The socket is broken.
        """
        return decode(self.receiver.read(), self._layout, self._wire)

    def close(self) -> None:
        """Close the socket; the kernel forgets a listener it cannot reach."""
        self.receiver.close()


def decode(raw: Raw, layout: Layout, wire_type: "np.dtype[np.void]") -> Stats:
    """Return the records in the messages; messages that are too short are skipped."""
    wire = np.ascontiguousarray(raw).view(wire_type)[:, 0]
    wire = wire[wire["length"] >= layout.stats_at + layout.stats_bytes]
    has_second = wire["length"] >= layout.second_at + layout.stats_bytes
    has_second &= wire["second_kind"] == _AGGREGATE_TGID
    threads = np.zeros(len(wire), dtype=STATS)
    for name in (
        "tid", "ppid", "uid", "code", "utime_us", "stime_us", "elapsed_us",
        "read_bytes", "write_bytes", "cancelled_bytes", "comm",
    ):  # fmt: skip
        threads[name] = wire[name]
    threads["peak_rss_bytes"] = wire["peak_kib"].astype(np.int64) * 1024
    threads["is_group"] = threads["is_last"] = has_second
    threads["run_ns"] = np.where(
        has_second, _run_ns(wire, "second_"), _run_ns(wire, "")
    )
    threads["tgid"][has_second] = wire["second_tgid"][has_second]
    if layout.version >= _VERSION_WITH_TGID:
        threads["tgid"] = wire["tgid"]
        threads["is_last"] |= (wire["flags"] & _IS_LAST) != 0
        last = threads["is_last"]
        threads["elapsed_us"][last] = wire["group_elapsed_us"][last]
    return threads


def _run_ns(wire: Stats, prefix: str) -> npt.NDArray[np.int64]:
    """Return the exact run time, or that counted by ticks where it is not kept."""
    exact = wire[f"{prefix}run_ns"].astype(np.int64)
    ticks = wire[f"{prefix}run_real_ns"].astype(np.int64)
    return np.where(exact > 0, exact, ticks)


def _family(sock: socket.socket) -> int:
    """Return the number that generic netlink assigned to taskstats."""
    message = _ask(sock, _CONTROL, _GET_FAMILY, _FAMILY_NAME, b"TASKSTATS\0")
    at = _ATTRIBUTES_AT
    while at + 4 <= len(message):
        length, kind = _attribute(message, at)
        if kind == _FAMILY_ID:
            return int(struct.unpack_from("=H", message, at + 4)[0])
        at += max(4, -(-length // 4) * 4)
    raise OSError("generic netlink does not know taskstats")


def _ask(
    sock: socket.socket, family: int, command: int, kind: int, value: bytes
) -> bytes:
    """Send a request of one attribute; return the answer, empty for a bare ACK."""
    attribute = struct.pack("=HH", 4 + len(value), kind) + value
    attribute += bytes(-len(attribute) % 4)
    length = _ATTRIBUTES_AT + len(attribute)
    header = struct.pack("=IHHIIBBH", length, family, _REQUEST_ACK, 1, 0, command, 1, 0)
    sock.send(header + attribute)
    answer = b""
    while True:
        message = sock.recv(1 << 16)
        if len(message) < _ATTRIBUTES_AT:
            continue
        if struct.unpack_from("=H", message, 4)[0] != _NLMSG_ERROR:
            answer = message
            continue
        if error := -struct.unpack_from("=i", message, 16)[0]:
            raise OSError(error, os.strerror(error))
        return answer


def _attribute(message: bytes, at: int) -> tuple[int, int]:
    """Return length and kind of the attribute at an offset."""
    if at + 4 > len(message):
        return 0, 0
    length, kind = struct.unpack_from("=HH", message, at)
    return length, kind
