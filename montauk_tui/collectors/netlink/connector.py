"""The proc connector: forks, execs and exits of processes as they happen.

Sources: drivers/connector/cn_proc.c, include/uapi/linux/cn_proc.h and connector.h.
"""

import contextlib
import os
import socket
import struct
import time
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from montauk_tui.collectors.clock import UNKNOWN_OFFSETS, namespace_offsets
from montauk_tui.collectors.netlink.batch import Raw, Receiver
from montauk_tui.collectors.netlink.socket_filter import attach, keep_if

Events = npt.NDArray[np.void]
"""Records of EVENT."""

EVENT: Final = np.dtype(
    [("time_ns", np.int64), ("pid", np.int64), ("ppid", np.int64), ("code", np.int64)]
)
"""What happened to a process at a CLOCK_MONOTONIC time. Of a fork, `pid` is the child.
`ppid` is 0 for an exec, `code` the wait status of an exit, else 0."""


class Kind(IntEnum):
    """What a message reports (enum what)."""

    ACK = 0
    FORK = 0x1
    EXEC = 0x2
    EXIT = 0x80000000


class NoAnswerError(OSError):
    """The kernel accepted the subscription and sent no answer."""


_NETLINK_CONNECTOR: Final = 11
_PROC: Final = 1
"""CN_IDX_PROC: the group, and with CN_VAL_PROC the address within the connector."""
_LISTEN: Final = 1
_IGNORE: Final = 2
_ANSWER_S: Final = 0.5
_NLMSG_DONE: Final = 3

_REQUEST: Final = struct.Struct("=IHHII IIIIHH I")
KIND_AT: Final = 36
"""Behind struct nlmsghdr and struct cn_msg: struct proc_event."""
TIME_AT: Final = KIND_AT + 8
_DATA_AT: Final = KIND_AT + 16
_MESSAGE_BYTES: Final = _DATA_AT + 24
_SLOT_BYTES: Final = 128

_WIRE: Final = np.dtype(
    {
        "names": ["index", "value", "answer", "kind", "time_ns", "words"],
        "formats": ["u4", "u4", "u4", "u4", "u8", "(6,)u4"],
        "offsets": [16, 20, 28, KIND_AT, TIME_AT, _DATA_AT],
        "itemsize": _SLOT_BYTES,
    }
)

_PID_TGID: Final = {Kind.FORK: (2, 3), Kind.EXEC: (0, 1), Kind.EXIT: (0, 1)}
"""Words of each kind's union: the thread it is about, and its process."""
_PARENT: Final = {Kind.FORK: 1, Kind.EXIT: 5}
_EXIT_CODE: Final = 2


class EventSocket:
    """A subscription to one kind of event.

    Each kind has its own socket, so that the kernel's count of dropped messages is a
    count of that kind. Without the filter events of threads arrive as well.
    """

    def __init__(
        self, kind: Kind, buffer_bytes: int, *, with_threads: bool = False
    ) -> None:
        """Subscribe and wait for the acknowledgement.

        Raises:
            NoAnswerError: No acknowledgement arrived.
            OSError: The kernel refuses the subscription.
        """
        self._kind = kind
        self._with_threads = with_threads
        self.tgid_at = _DATA_AT + 4 * _PID_TGID[kind][1]
        """Offset of the process id in a message."""
        offsets = namespace_offsets()
        if offsets is None:
            raise OSError(UNKNOWN_OFFSETS[0])
        self.offset_ns = offsets.monotonic_ns
        """What the time namespace adds to the times in messages."""
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_CONNECTOR)
        with contextlib.ExitStack() as undo:
            undo.callback(sock.close)
            self.receiver = Receiver(sock, _SLOT_BYTES, _MESSAGE_BYTES)
            self.receiver.grow(buffer_bytes)
            sock.bind((0, _PROC))
            _subscribe(sock)
            words = [_DATA_AT + 4 * word for word in _PID_TGID[kind]]
            same = None if with_threads else (words[0], words[1])
            attach(sock, keep_if((KIND_AT, kind), same))
            sock.settimeout(0)
            undo.pop_all()

    def read(self) -> Events:
        """Return the events since the last call, in the kernel's order.

        Raises:
            OSError: The socket is broken.
        """
        raw = self.receiver.read()
        events = decode(raw, self._kind, with_threads=self._with_threads)
        events["time_ns"] += self.offset_ns
        return events

    def close(self) -> None:
        """End the subscription: kernels before 6.6 count listeners until they do."""
        with contextlib.suppress(OSError):
            self.receiver.sock.send(_request(_IGNORE, 0))
        self.receiver.close()


def decode(raw: Raw, kind: Kind, *, with_threads: bool = False) -> Events:
    """Return the events of one kind; others arrived before the filter was attached.

    The exit of a process is that of its leader: its threads may go on.
    """
    wire = np.ascontiguousarray(raw).view(_WIRE)[:, 0]
    pid, tgid = _PID_TGID[kind]
    wanted = (wire["index"] == _PROC) & (wire["value"] == _PROC)
    wanted &= wire["kind"] == kind
    if not with_threads:
        wanted &= wire["words"][:, pid] == wire["words"][:, tgid]
    wire = wire[wanted]
    events = np.zeros(len(wire), dtype=EVENT)
    events["time_ns"] = wire["time_ns"]
    events["pid"] = wire["words"][:, tgid]
    if kind in _PARENT:
        events["ppid"] = wire["words"][:, _PARENT[kind]]
    if kind is Kind.EXIT:
        events["code"] = wire["words"][:, _EXIT_CODE]
    return events


def _subscribe(sock: socket.socket) -> None:
    """Ask for events and wait for the acknowledgement."""
    nonce = int.from_bytes(os.urandom(4), "little") >> 1
    sock.send(_request(_LISTEN, nonce))
    sock.settimeout(_ANSWER_S)
    end_s = time.monotonic() + _ANSWER_S
    while time.monotonic() < end_s:
        try:
            message = sock.recv(_SLOT_BYTES)
        except TimeoutError:
            break
        if len(message) < _MESSAGE_BYTES:
            continue
        answer = np.frombuffer(message.ljust(_SLOT_BYTES, b"\0"), dtype=_WIRE)[0]
        if answer["kind"] == Kind.ACK and answer["answer"] == nonce + 1:
            if error := int(answer["words"][0]):
                raise OSError(error, os.strerror(error))
            return
    raise NoAnswerError


def _request(operation: int, nonce: int) -> bytes:
    header = (_REQUEST.size, _NLMSG_DONE, 0, 0, 0)
    return _REQUEST.pack(*header, _PROC, _PROC, 0, nonce, 4, 0, operation)
