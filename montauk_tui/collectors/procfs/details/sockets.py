"""Sockets by their inodes, with addresses and peers (proc_pid_net(5)).

The files list the sockets of the network namespace of the process.
"""

import socket
import sys
from collections.abc import Set as AbstractSet
from typing import Final

from montauk_tui.collectors.procfs.details.subject import ProcessFolder
from montauk_tui.model.text import clean

_LIMIT: Final = 1 << 22
"""About 27,000 TCP connections."""

_TCP_STATES: Final = (
    "", "ESTABLISHED", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT",
    "CLOSE", "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING", "NEW-SYN-RECV",
)  # fmt: skip
"""By number (include/net/tcp_states.h)."""

_UNIX_TYPES: Final = {b"0001": "stream", b"0002": "datagram", b"0005": "seqpacket"}
_UNIX_STATES: Final = {b"01": "", b"02": "connecting", b"03": "connected"}
_LISTENS: Final = 0x10000
"""__SO_ACCEPTCON among the flags of a unix socket (include/linux/net.h)."""

_INET_WORDS: Final = 10
_UNIX_WORDS: Final = 7
_IPV4_DIGITS: Final = 8
_IPV6_DIGITS: Final = 32

Names = dict[bytes, tuple[str, str]]
"""Type and description by inode."""


def socket_names(folder: ProcessFolder, inodes: AbstractSet[bytes]) -> Names:
    """Return type and addresses of the sockets `inodes`, as far as they are listed."""
    found: Names = {}
    for kind in ("unix", "tcp", "tcp6", "udp", "udp6", "netlink"):
        if len(found) == len(inodes):
            break
        try:
            lines = folder.read(f"net/{kind}", _LIMIT).splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split(None, _INET_WORDS if kind != "unix" else _UNIX_WORDS)
            named = _named(kind, words)
            if named is not None and named[0] in inodes:
                found[named[0]] = (kind, named[1])
    return found


def _named(kind: str, words: list[bytes]) -> tuple[bytes, str] | None:
    """Return inode and description of a line, None if it has another format."""
    try:
        if kind == "unix":
            return words[6], _unix(words)
        if kind == "netlink":
            return words[9], f"protocol {clean(words[1])}"
        return words[9], _inet(kind, words)
    except (IndexError, ValueError):
        return None


def _unix(words: list[bytes]) -> str:
    parts = [_UNIX_TYPES.get(words[4], "")]
    is_listening = int(words[3], 16) & _LISTENS
    parts.append("LISTEN" if is_listening else _UNIX_STATES.get(words[5], ""))
    parts.append(clean(words[7]) if len(words) > _UNIX_WORDS else "")
    return " ".join(filter(None, parts))


def _inet(kind: str, words: list[bytes]) -> str:
    local, peer = _address(words[1]), _address(words[2])
    code = int(words[3], 16)
    state = _TCP_STATES[code] if kind.startswith("tcp") else ""
    if words[2].rpartition(b":")[2] == b"0000":
        return f"{local} {state}".rstrip()
    return f"{local} -> {peer} {state}".rstrip()


def _address(text: bytes) -> str:
    """Return an address in the usual notation.

    Each word of 32 bits is printed as a number of this machine's byte order.
    """
    host, _, port = text.partition(b":")
    if len(host) not in (_IPV4_DIGITS, _IPV6_DIGITS):
        raise ValueError(host)
    words = (host[at : at + 8] for at in range(0, len(host), 8))
    raw = b"".join(int(word, 16).to_bytes(4, sys.byteorder) for word in words)
    if len(host) == _IPV4_DIGITS:
        shown = socket.inet_ntop(socket.AF_INET, raw)
    else:
        shown = f"[{socket.inet_ntop(socket.AF_INET6, raw)}]"
    return f"{shown}:{int(port[:4], 16)}"
