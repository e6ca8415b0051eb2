"""BTF made by hand (Documentation/bpf/btf.rst), to read back."""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final

INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF = range(1, 9)
VOLATILE, CONST, RESTRICT, FUNC, PROTO, VAR, DATASEC = range(9, 16)
FLOAT, DECL_TAG, TYPE_TAG, ENUM64 = range(16, 20)

MAGIC: Final = 0xEB9F

Member = tuple[str, int, int]
"""Name, type and offset in bits."""


class BtfBuilder:
    """Types are numbered from 1 in the order in which they are added."""

    def __init__(self) -> None:
        self._text = b"\0"
        self._types: list[bytes] = []

    def text(self, name: str) -> int:
        if not name:
            return 0
        # Each name once, as the kernel's own tools make it.
        offset = self._text.find(b"\0" + name.encode() + b"\0") + 1
        if not offset:
            offset = len(self._text)
            self._text += name.encode() + b"\0"
        return offset

    def add(
        self, kind: int, name: str, size_or_type: int, *, count: int = 0,
        flag: int = 0, rest: bytes = b"",
    ) -> int:  # fmt: skip
        info = flag << 31 | kind << 24 | count
        head = struct.pack("<III", self.text(name), info, size_or_type)
        self._types.append(head + rest)
        return len(self._types)

    def integer(self, name: str, size: int) -> int:
        return self.add(INT, name, size, rest=struct.pack("<I", size * 8))

    def array(self, element: int, count: int) -> int:
        return self.add(ARRAY, "", 0, rest=struct.pack("<III", element, element, count))

    def record(
        self, kind: int, name: str, size: int, members: Sequence[Member], flag: int = 0
    ) -> int:
        rest = b"".join(
            struct.pack("<III", self.text(member), type_id, bits)
            for member, type_id, bits in members
        )
        return self.add(kind, name, size, count=len(members), flag=flag, rest=rest)

    def prototype(self, returns: int, parameters: Sequence[int]) -> int:
        rest = b"".join(struct.pack("<II", 0, type_id) for type_id in parameters)
        return self.add(PROTO, "", returns, count=len(parameters), rest=rest)

    def blob(self) -> bytes:
        types = b"".join(self._types)
        header = struct.pack(
            "<HBBIIIII", MAGIC, 1, 0, 24, 0, len(types), len(types), len(self._text)
        )
        return header + types + self._text

    def write(self, folder: Path) -> str:
        path = folder / "btf"
        path.write_bytes(self.blob())
        return str(path)
