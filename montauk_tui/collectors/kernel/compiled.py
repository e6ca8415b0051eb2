"""Compiled probes as data: maps to create, and instructions that name their maps.

BCC leaves the descriptors of its maps in the instructions. With names in their place
the same bytes can be loaded again, without BCC. A call of a kernel function is compiled
as a call of a helper and converted here, as BCC's compiler does not support it. Stdlib
only: the loader runs this under the distribution's Python.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from montauk_tui.collectors.kernel import bpf

_LOAD_64, _CALL, _EXIT, _MOVE = 0x18, 0x85, 0x95, 0xB7
_KERNEL_CALL = 2
"""BPF_PSEUDO_KFUNC_CALL, where the source register of a call is."""
_INSTRUCTION = struct.Struct("<BBhi")
_MAP_SOURCES = (1, 2)
"""BPF_PSEUDO_MAP_FD and BPF_PSEUDO_MAP_VALUE, in the upper half of the second byte."""


KERNEL_FUNCTION = 1 << 30
"""Added to the type id of a kernel function it is the helper number that C calls."""


class Map(NamedTuple):
    """A map as bpf(2) creates it."""

    kind: int
    key: int
    value: int
    entries: int
    flags: int


class Program(NamedTuple):
    """The instructions of a program, 8 bytes each."""

    code: bytes
    uses: list[tuple[int, str]]
    """Which instructions need the descriptor of which map."""


class Compiled(NamedTuple):
    """All probes, compiled for one kernel."""

    maps: dict[str, Map]
    programs: dict[str, Program]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "maps": self.maps,
            "programs": {
                name: [base64.b64encode(program.code).decode(), program.uses]
                for name, program in self.programs.items()
            },
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Compiled:
        """Return what `to_json` wrote."""
        return cls(
            {name: Map(*fields) for name, fields in data["maps"].items()},
            {
                name: Program(base64.b64decode(code), [(at, of) for at, of in uses])
                for name, (code, uses) in data["programs"].items()
            },
        )

    @contextlib.contextmanager
    def with_maps(self) -> Iterator[dict[str, int]]:
        """Create the maps; they stay open unless the block raises an error.

        Raises:
            OSError: The kernel refuses one.
        """
        made: dict[str, int] = {}
        try:
            for name, of in self.maps.items():
                made[name] = bpf.create_map(*of, name)
            yield made
        except BaseException:
            for descriptor in made.values():
                os.close(descriptor)
            raise

    def code(self, name: str, maps: dict[str, int]) -> bytes:
        """Return the instructions of a program that uses these maps.

        Raises:
            KeyError: There is no such program, or no map that it needs.
        """
        program = self.programs[name]
        code = bytearray(program.code)
        for index, wanted in program.uses:
            struct.pack_into("<i", code, index * 8 + 4, maps[wanted])
        return bytes(code)


def from_bcc(lib: Any, module: int) -> Compiled:
    """Return what BCC compiled; its maps are open while this runs."""
    lib.bpf_num_tables.restype = ctypes.c_size_t
    lib.bpf_num_tables.argtypes = [ctypes.c_void_p]
    lib.bpf_table_name.restype = ctypes.c_char_p
    lib.bpf_table_name.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    maps, names = {}, {}
    for number in range(lib.bpf_num_tables(module)):
        raw = lib.bpf_table_name(module, number)
        descriptor = lib.bpf_table_fd(module, raw)
        maps[raw.decode()] = _described(descriptor)
        names[descriptor] = raw.decode()
    programs = {}
    for number in range(lib.bpf_num_functions(module)):
        raw = lib.bpf_function_name(module, number)
        start = lib.bpf_function_start(module, raw)
        code = ctypes.string_at(start, lib.bpf_function_size(module, raw))
        code = with_kernel_calls(code)
        programs[raw.decode()] = Program(code, list(_uses(code, names)))
    return Compiled(maps, programs)


def with_kernel_calls(code: bytes) -> bytes:
    """Return instructions in which calls of kernel functions are converted."""
    made = bytearray(code)
    for index, (operation, _, _, value) in enumerate(_INSTRUCTION.iter_unpack(code)):
        if operation == _CALL and value & KERNEL_FUNCTION:
            call = (_CALL, _KERNEL_CALL << 4, 0, value & ~KERNEL_FUNCTION)
            _INSTRUCTION.pack_into(made, index * _INSTRUCTION.size, *call)
    return bytes(made)


def calling(functions: list[int]) -> bytes:
    """Return the instructions of a program that calls kernel functions, by type id."""
    calls = [(_CALL, 0, 0, KERNEL_FUNCTION + function) for function in functions]
    lines = [*calls, (_MOVE, 0, 0, 0), (_EXIT, 0, 0, 0)]
    return with_kernel_calls(b"".join(_INSTRUCTION.pack(*line) for line in lines))


def _described(descriptor: int) -> Map:
    """Return the kernel's description of a map (proc_pid_fdinfo(5))."""
    text = Path(f"/proc/self/fdinfo/{descriptor}").read_text("ascii")
    lines = (line.partition(":") for line in text.splitlines())
    values = {name: value.strip() for name, _, value in lines}
    names = ("map_type", "key_size", "value_size", "max_entries", "map_flags")
    return Map(*(int(values[name], 0) for name in names))


def _uses(code: bytes, names: dict[int, str]) -> Iterator[tuple[int, str]]:
    """Find the loads of descriptors; each takes the space of two instructions."""
    index = 0
    while index * 8 < len(code):
        operation, registers, _, value = _INSTRUCTION.unpack_from(code, index * 8)
        if operation == _LOAD_64:
            if registers >> 4 in _MAP_SOURCES:
                yield index, names[value]
            index += 1
        index += 1
