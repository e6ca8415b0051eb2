"""Classic BPF programs that drop messages before they take space in a socket.

Source: Documentation/networking/filter.rst. A word is loaded in network order.
"""

import ctypes
import socket
import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

_SO_ATTACH_FILTER: Final = 26

_LOAD_WORD: Final = 0x20
_TO_X: Final = 0x07
_JUMP_EQUAL: Final = 0x15
_JUMP_EQUAL_X: Final = 0x1D
_RETURN: Final = 0x06

_WHOLE: Final = 0xFFFFFFFF


class Instruction(NamedTuple):
    """struct sock_filter; the jumps count instructions to skip."""

    code: int
    if_true: int
    if_false: int
    constant: int


def keep_if(
    word: tuple[int, int], equal: tuple[int, int] | None = None
) -> list[Instruction]:
    """Return the program that keeps messages where a word has a value.

    Args:
        word: Its offset and its value, in this machine's byte order.
        equal: Offsets of two more words, which then must be equal.
    """
    offset, value = word
    same = [] if equal is None else [
        Instruction(_LOAD_WORD, 0, 0, equal[0]),
        Instruction(_TO_X, 0, 0, 0),
        Instruction(_LOAD_WORD, 0, 0, equal[1]),
        Instruction(_JUMP_EQUAL_X, 0, 1, 0),
    ]  # fmt: skip
    return [
        Instruction(_LOAD_WORD, 0, 0, offset),
        Instruction(_JUMP_EQUAL, 0, len(same) + 1, socket.ntohl(value)),
        *same,
        Instruction(_RETURN, 0, 0, _WHOLE),
        Instruction(_RETURN, 0, 0, 0),
    ]


def attach(sock: socket.socket, program: Sequence[Instruction]) -> None:
    """Filter messages that arrive from now on.

    Raises:
        OSError: The kernel refuses.
    """
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    text = ctypes.create_string_buffer(code, len(code))
    filter_ = struct.pack("@HP", len(program), ctypes.addressof(text))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filter_)
