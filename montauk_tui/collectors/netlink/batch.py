"""Receiving netlink messages, many with one system call.

Hot path: recvmmsg(2) puts up to 512 messages into one buffer in 0.3 us each, with the
interpreter's lock released; numpy decodes them together.
"""

import ctypes
import errno
import os
import socket
import struct
import threading
from typing import Final

import numpy as np
import numpy.typing as npt

Raw = npt.NDArray[np.uint8]
"""Shape (messages, bytes of a slot): each message from its header on."""

_SLOTS: Final = 512
_SO_RCVBUFFORCE: Final = 33
_SO_MEMINFO: Final = 55
_MEMINFO_DROPS: Final = 8
"""Index of sk_drops (include/uapi/linux/sock_diag.h)."""
_NOT_NOW: Final = (errno.EAGAIN, errno.ENOBUFS, errno.EINTR)
"""ENOBUFS says that messages were dropped, which `dropped` counts."""
_SENDER_PID: Final = 1
"""Word of sockaddr_nl that is 0 for the kernel (netlink(7))."""


class _SockaddrNl(ctypes.Structure):
    _fields_ = [
        ("family", ctypes.c_uint16),
        ("pad", ctypes.c_uint16),
        ("pid", ctypes.c_uint32),
        ("groups", ctypes.c_uint32),
    ]


class _Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class _Msghdr(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("iov", ctypes.c_void_p),
        ("iov_length", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    ]


class _Mmsghdr(ctypes.Structure):
    _fields_ = [("header", _Msghdr), ("length", ctypes.c_uint)]


_RESULT: Final = np.dtype(
    {
        "names": ["flags", "length"],
        "formats": ["<i4", "<u4"],
        "offsets": [_Msghdr.flags.offset, _Mmsghdr.length.offset],
        "itemsize": ctypes.sizeof(_Mmsghdr),
    }
)


class Receiver:
    """A netlink socket that is read in batches; it counts messages it cannot use.

    `read` may be called from any thread; `dropped` counts messages that the kernel had
    no room for.
    """

    def __init__(self, sock: socket.socket, slot_bytes: int, least_bytes: int) -> None:
        """Read from `sock` messages of `least_bytes` to `slot_bytes`."""
        self.sock = sock
        self.foreign = 0
        """Messages that were truncated or not from the kernel."""
        self._least_bytes = least_bytes
        self._lock = threading.Lock()
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._buffer: Raw = np.zeros((_SLOTS, slot_bytes), dtype=np.uint8)
        self._names = (_SockaddrNl * _SLOTS)()
        self._iovecs = (_Iovec * _SLOTS)()
        self._headers = (_Mmsghdr * _SLOTS)()
        base = self._buffer.ctypes.data
        for slot in range(_SLOTS):
            self._iovecs[slot] = _Iovec(base + slot * slot_bytes, slot_bytes)
            header = self._headers[slot].header
            header.name = ctypes.addressof(self._names[slot])
            header.name_length = ctypes.sizeof(_SockaddrNl)
            header.iov = ctypes.addressof(self._iovecs[slot])
            header.iov_length = 1
        self._results = np.frombuffer(memoryview(self._headers), dtype=_RESULT)
        self._senders = np.frombuffer(memoryview(self._names), dtype=np.uint32).reshape(
            _SLOTS, 3
        )

    def grow(self, wanted_bytes: int) -> int:
        """Make the receive buffer as large as is allowed; return its size.

        Beyond net.core.rmem_max it takes CAP_NET_ADMIN.
        """
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, wanted_bytes)
        except PermissionError:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted_bytes)
        return self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)

    @property
    def dropped(self) -> int:
        """Messages that found no room since the socket was opened."""
        info = self.sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 64)
        return struct.unpack_from("=I", info, 4 * _MEMINFO_DROPS)[0] if info else 0

    def read(self) -> Raw:
        """Return the waiting messages, maybe none.

        Raises:
            OSError: The socket is broken.
        """
        parts = [self._buffer[:0]]
        with self._lock:
            while count := self._receive():
                parts.append(self._whole(count))
        return np.concatenate(parts)

    def _whole(self, count: int) -> Raw:
        """Return a copy of the messages that are complete and from the kernel."""
        messages = self._buffer[:count]
        length = self._results["length"][:count]
        stated = messages[:, :4].copy().view(np.uint32)[:, 0]
        good = (self._results["flags"][:count] & socket.MSG_TRUNC) == 0
        good &= (length >= self._least_bytes) & (stated <= length)
        good &= self._senders[:count, _SENDER_PID] == 0
        self.foreign += count - int(np.count_nonzero(good))
        whole: Raw = messages[good]
        return whole

    def _receive(self) -> int:
        """Return how many messages were put into the slots."""
        while True:
            count = int(
                self._libc.recvmmsg(
                    self.sock.fileno(), self._headers, _SLOTS, socket.MSG_DONTWAIT, None
                )
            )
            if count >= 0:
                return count
            error = ctypes.get_errno()
            if error == errno.EAGAIN:
                return 0
            if error not in _NOT_NOW:
                raise OSError(error, os.strerror(error))

    def close(self) -> None:
        """Close the socket."""
        self.sock.close()
