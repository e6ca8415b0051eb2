"""The offsets of fields of kernel structs, from the kernel's own type information.

The format is that of Documentation/bpf/btf.rst. Stdlib only: the loader runs this under
the distribution's Python.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from typing import NamedTuple

DEFAULT_PATH = "/sys/kernel/btf/vmlinux"

_MAGIC = 0xEB9F
_INT, _PTR, _ARRAY, _STRUCT, _UNION, _ENUM, _FWD, _TYPEDEF = range(1, 9)
_VOLATILE, _CONST, _RESTRICT, _FUNC, _PROTO, _VAR, _SECTION = range(9, 16)
_FLOAT, _DECL_TAG, _TYPE_TAG, _ENUM64 = range(16, 20)
_EXTRA = {_INT: 4, _ARRAY: 12, _VAR: 4, _DECL_TAG: 4}
_PER_ITEM = {_STRUCT: 12, _UNION: 12, _ENUM: 8, _PROTO: 8, _SECTION: 12, _ENUM64: 12}
_TRANSPARENT = {_TYPEDEF, _VOLATILE, _CONST, _RESTRICT, _TYPE_TAG}


class Type(NamedTuple):
    """One entry of the type section."""

    at: int
    name: int
    kind: int
    length: int
    flag: int
    size_or_type: int


class Field(NamedTuple):
    """Where a field lies in a struct."""

    offset: int
    """Bytes from the start of the struct."""
    size: int
    """Bytes."""
    type_name: str


class BtfError(Exception):
    """The type information cannot be read."""


@contextlib.contextmanager
def _contradictions() -> Iterator[None]:
    """Raise an error for types that point nowhere, or to themselves."""
    try:
        yield
    except (IndexError, ValueError, RecursionError, struct.error) as error:
        raise BtfError("the types contradict each other") from error


class Btf:
    """The types of a kernel.

    Raises:
        OSError: The file cannot be read.
        BtfError: It holds no BTF.
    """

    def __init__(self, path: str = DEFAULT_PATH) -> None:
        """Index the types; 0.1 s for the 120,000 of a kernel."""
        with open(path, "rb") as file:  # noqa: PTH123
            self._raw = raw = file.read()
        try:
            magic, _, _, header, type_at, type_len, text_at, text_len = (
                struct.unpack_from("<HBBIIIII", raw)
            )
            if magic != _MAGIC:
                raise BtfError("no BTF of this machine's byte order")
            text_end = header + text_at + text_len
            self._text = raw[header + text_at : text_end]
            if text_end > len(raw):
                raise BtfError("cut short")
            self._types = self._index(header + type_at, header + type_at + type_len)
        except struct.error as error:
            raise BtfError("cut short") from error

    def _index(self, at: int, end: int) -> list[Type]:
        raw, unpack = self._raw, struct.Struct("<III").unpack_from
        types = [Type(0, 0, 0, 0, 0, 0)]
        while at < end:
            name, info, size_or_type = unpack(raw, at)
            kind, count = info >> 24 & 31, info & 0xFFFF
            types.append(Type(at, name, kind, count, info >> 31, size_or_type))
            at += 12 + _EXTRA.get(kind, 0) + _PER_ITEM.get(kind, 0) * count
        return types

    @_contradictions()
    def field(self, struct_name: str, path: str) -> Field | None:
        """Return the offset of `path`, dotted through inner structs, or None.

        Raises:
            BtfError: The types contradict each other.
        """
        type_id = self._find(struct_name, _STRUCT)
        offset = 0
        for name in path.split("."):
            if type_id is None:
                return None
            step = self._member(type_id, name)
            if step is None:
                return None
            offset += step[0]
            type_id = step[1]
        if type_id is None:
            return None
        return Field(offset, self._size(type_id), self._type_name(type_id))

    def parameters(self, typedef: str) -> int:
        """Return how many parameters the function behind `typedef` has, else 0."""
        prototype = self._prototype(typedef)
        return 0 if prototype is None else prototype.length

    def has_pointer(self, typedef: str, number: int) -> bool:
        """Tell whether a parameter of that function, counted from 0, is a pointer."""
        prototype = self._prototype(typedef)
        if prototype is None or number >= prototype.length:
            return False
        at = prototype.at + 12 + 8 * number
        with _contradictions():
            (_, type_id) = struct.unpack_from("<II", self._raw, at)
            return self._types[self._bare(type_id)].kind == _PTR

    def _prototype(self, typedef: str) -> Type | None:
        type_id = self._find(typedef, _TYPEDEF)
        if type_id is None:
            return None
        with _contradictions():
            target = self._types[self._bare(type_id)]
            if target.kind == _PTR:
                target = self._types[target.size_or_type]
        return target if target.kind == _PROTO else None

    def enum_value(self, enum: str, name: str) -> int | None:
        """Return the number of a name of an enum, None where there is none."""
        found = self._find(enum, _ENUM)
        if found is None:
            return None
        entry = self._types[found]
        with _contradictions():
            for index in range(entry.length):
                at = entry.at + 12 + 8 * index
                text, value = struct.unpack_from("<Ii", self._raw, at)
                if self._string(text) == name:
                    return int(value)
        return None

    def function(self, name: str) -> int:
        """Return the id of a function, 0 where there is none."""
        return self._find(name, _FUNC) or 0

    def size_of(self, struct_name: str) -> int:
        """Return the size of a struct in bytes, 0 where there is none."""
        found = self._find(struct_name, _STRUCT)
        return 0 if found is None else self._types[found].size_or_type

    def _find(self, name: str, kind: int) -> int | None:
        text = self._text.find(b"\0" + name.encode() + b"\0")
        if text < 0:
            return None
        for index, entry in enumerate(self._types):
            if entry.name == text + 1 and entry.kind == kind:
                return index
        return None

    def _bare(self, type_id: int) -> int:
        for _ in self._types:
            if self._types[type_id].kind not in _TRANSPARENT:
                return type_id
            type_id = self._types[type_id].size_or_type
        raise BtfError("a type is made of itself")

    def _member(self, type_id: int, name: str) -> tuple[int, int] | None:
        """Return offset and type of a member, seeing through anonymous ones."""
        for member, member_type, offset in self._members(self._bare(type_id)):
            if member == name:
                return offset, member_type
            if not member:
                inner = self._member(member_type, name)
                if inner is not None:
                    return offset + inner[0], inner[1]
        return None

    def _members(self, type_id: int) -> Iterator[tuple[str, int, int]]:
        entry = self._types[type_id]
        if entry.kind not in (_STRUCT, _UNION):
            return
        for index in range(entry.length):
            at = entry.at + 12 + 12 * index
            name, member_type, bits = struct.unpack_from("<III", self._raw, at)
            if entry.flag:
                bits &= 0xFFFFFF
            yield self._string(name), member_type, bits // 8

    def _size(self, type_id: int) -> int:
        bare = self._bare(type_id)
        entry = self._types[bare]
        if entry.kind == _PTR:
            return 8
        if entry.kind == _ARRAY:
            element, _, count = struct.unpack_from("<III", self._raw, entry.at + 12)
            return self._size(element) * int(count)
        return entry.size_or_type

    def _type_name(self, type_id: int) -> str:
        entry = self._types[type_id]
        if entry.kind == _PTR:
            return (
                self._type_name(entry.size_or_type) + " *"
                if entry.size_or_type
                else "void *"
            )
        if entry.kind == _ARRAY:
            element, _, count = struct.unpack_from("<III", self._raw, entry.at + 12)
            return f"{self._type_name(element)}[{count}]"
        if entry.kind in (_VOLATILE, _CONST, _RESTRICT, _TYPE_TAG):
            return self._type_name(entry.size_or_type)
        prefix = {_STRUCT: "struct ", _UNION: "union ", _ENUM: "enum "}.get(
            entry.kind, ""
        )
        return prefix + (self._string(entry.name) or "(anonymous)")

    def _string(self, offset: int) -> str:
        return self._text[offset : self._text.index(b"\0", offset)].decode(
            "ascii", "replace"
        )
