"""The few commands of bpf(2) that load, attach and pin the probes.

All of them raise OSError where the kernel refuses.
Structures are those of include/uapi/linux/bpf.h, cut after the last field that is used.
Stdlib only: the loader runs this under the distribution's Python.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import resource
import struct
from pathlib import Path

_SYS_BPF = {"x86_64": 321, "s390x": 351, "ppc64le": 361}
"""Other machines share 280 (include/uapi/asm-generic/unistd.h)."""
_SYS_PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}
"""Machines on which the probes find the arguments of a function, and whose numbers of
ioctls are those of asm-generic."""

_MAP_CREATE, _PROG_LOAD, _RAW_TRACEPOINT_OPEN, _LINK_CREATE = 0, 5, 17, 28
_MAP_LOOKUP_ELEM, _MAP_UPDATE_ELEM, _MAP_FREEZE = 1, 2, 22
_OBJ_PIN, _OBJ_GET, _OBJ_GET_INFO_BY_FD, _ITER_CREATE = 6, 7, 15, 33

KPROBE, RAW_TRACEPOINT, TRACING = 2, 17, 26
"""Types of programs."""
ARRAY = 2
"""A type of maps."""
AT_RETURN, ITERATOR, _PERF_EVENT = 25, 28, 41
"""How programs are attached (enum bpf_attach_type)."""
_MAP_INFO_BYTES = 80
_FDINFO_BYTES = 4096
_RDONLY = 1 << 3
_PROG_GET_FD_BY_ID = 13
_PROG_NAME_AT = 64

_LICENCE = b"Dual MIT/GPL"
NAME_BYTES = 15
"""Of the name of a map or program that the kernel keeps."""
_LOG_BYTES = 1 << 20
_TRIES = 5
"""The verifier gives up with EAGAIN when a signal arrives."""

_PERF_ATTR_BYTES = 112  # PERF_ATTR_SIZE_VER5, Linux 4.1
_PERF_FLAG_FD_CLOEXEC = 8
_PERF_EVENT_IOC_SET_BPF, _PERF_EVENT_IOC_ENABLE = 0x40042408, 0x2400
_PROG_INFO_BYTES, _RECURSION_MISSES_AT = 216, 208
"""struct bpf_prog_info, up to what 5.12 added; an older kernel leaves that 0."""
_KPROBE_TYPE = Path("/sys/bus/event_source/devices/kprobe/type")

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class VerifierError(OSError):
    """The kernel refuses a program; `log` is the end of its message."""

    log = ""


def lift_memory_limit() -> None:
    """Let this process create maps of any size, if it may.

    Before Linux 5.11 all maps of a user count as locked memory, and one too many is
    refused with EPERM.
    """
    no_limit = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_MEMLOCK, no_limit)


def create_map(
    kind: int, key: int, value: int, entries: int, flags: int, name: str
) -> int:
    """Return the descriptor of a new map."""
    fields = (kind, key, value, entries, flags, 0, 0, _name(name))
    return _bpf(_MAP_CREATE, struct.pack("=7I16s", *fields))


def load_program(
    kind: int, code: bytes, name: str, target: int = 0, place: int = 0
) -> int:
    """Return the descriptor of a program that the kernel has verified.

    Args:
        kind: KPROBE, RAW_TRACEPOINT or TRACING.
        code: Instructions, with descriptors of maps in them.
        name: What it is called.
        target: BTF id of the function that TRACING is for: one that stands for an
            iterator, or one at whose return it runs.
        place: ITERATOR or AT_RETURN for TRACING.

    Raises:
        VerifierError: The kernel refuses.
    """
    try:
        return _try_load(kind, code, name, target, place, None)
    except OSError as error:
        log = ctypes.create_string_buffer(_LOG_BYTES)
        try:
            return _try_load(kind, code, name, target, place, log)
        except OSError:
            refused = VerifierError(error.errno, error.strerror)
            lines = [line for line in log.value.splitlines() if line.strip()]
            # The last line counts instructions, if the kernel got that far.
            telling = [one for one in lines if not one.startswith(b"processed ")]
            refused.log = telling[-1].decode("ascii", "replace") if telling else ""
            raise refused from error


def _try_load(
    kind: int,
    code: bytes,
    name: str,
    target: int,
    place: int,
    log: ctypes.Array[ctypes.c_char] | None,
) -> int:
    instructions = ctypes.create_string_buffer(code, len(code))
    licence = ctypes.create_string_buffer(_LICENCE)
    logged = (1, _LOG_BYTES, ctypes.addressof(log)) if log else (0, 0, 0)
    fields = (
        kind, len(code) // 8, ctypes.addressof(instructions),
        ctypes.addressof(licence), *logged, 0, 0, _name(name), 0,
        place,
        # No BTF, so no information about functions and lines.
        0, 0, 0, 0, 0, 0, 0, target,
    )  # fmt: skip
    attributes = struct.pack("=2I2Q2IQ2I16s2I2IQ2IQ2I", *fields)
    for _ in range(_TRIES - 1):
        try:
            return _bpf(_PROG_LOAD, attributes)
        except BlockingIOError:
            continue
    return _bpf(_PROG_LOAD, attributes)


def attach_raw_tracepoint(program: int, name: str) -> int:
    """Attach `program` to a raw tracepoint until the returned descriptor is closed."""
    text = ctypes.create_string_buffer(name.encode())
    fields = struct.pack("=QI", ctypes.addressof(text), program)
    return _bpf(_RAW_TRACEPOINT_OPEN, fields)


def attach_to_return(program: int) -> int:
    """Return the link of a program at the return of a function.

    Raises:
        OSError: The kernel refuses, or cannot: it needs BPF trampolines.
    """
    return _bpf(_RAW_TRACEPOINT_OPEN, struct.pack("=QI", 0, program))


def attach_iterator(program: int) -> int:
    """Return the link of an iterator."""
    return _bpf(_LINK_CREATE, struct.pack("=4I", program, 0, ITERATOR, 0))


def attach_map_iterator(program: int, over: int) -> int:
    """Return the link of an iterator over the elements of a map (5.9)."""
    which = ctypes.create_string_buffer(struct.pack("=I", over), 4)
    fields = (program, 0, ITERATOR, 0, ctypes.addressof(which), len(which))
    return _bpf(_LINK_CREATE, struct.pack("=4IQI", *fields))


def open_iterator(link: int) -> int:
    """Return a descriptor from which all output of an iterator can be read once."""
    return _bpf(_ITER_CREATE, struct.pack("=2I", link, 0))


def attach_kprobe(program: int, function: str) -> int:
    """Attach `program` to a function until the returned descriptor is closed.

    Through the perf kprobe PMU (4.17): a probe made in tracefs would remain there.
    The descriptor is a link where the kernel has links of events (5.15).

    Raises:
        OSError: The kernel refuses, or has no such function or no kprobes; or the
            machine is one on which the probes use none.
    """
    number = _SYS_PERF_EVENT_OPEN.get(platform.machine())
    if number is None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
    kind = int(_KPROBE_TYPE.read_text("ascii"))
    text = ctypes.create_string_buffer(function.encode())
    # perf_event_attr: type, size, config ... config1 (the name), config2 (the offset).
    fields = (kind, _PERF_ATTR_BYTES, *[0] * 7, ctypes.addressof(text), 0)
    attributes = struct.pack("=2I5Q2I2Q", *fields)
    buffer = ctypes.create_string_buffer(attributes, _PERF_ATTR_BYTES)
    event = _syscall(number, ctypes.addressof(buffer), -1, 0, -1, _PERF_FLAG_FD_CLOEXEC)
    try:
        fields = (program, event, _PERF_EVENT, 0)
        link = _bpf(_LINK_CREATE, struct.pack("=4I", *fields))
    except OSError:
        pass
    else:
        os.close(event)
        return link
    try:
        for request, value in (
            (_PERF_EVENT_IOC_SET_BPF, program), (_PERF_EVENT_IOC_ENABLE, 0)
        ):  # fmt: skip
            if _libc.ioctl(event, ctypes.c_ulong(request), ctypes.c_long(value)) < 0:
                raise _error()
    except OSError:
        os.close(event)
        raise
    return event


def map_info(descriptor: int) -> tuple[int, int, int, int, str]:
    """Return type, bytes of a key, bytes of a value, most entries and name of a map.

    Raises:
        OSError: The descriptor is not of a BPF object.
    """
    info = ctypes.create_string_buffer(_MAP_INFO_BYTES)
    fields = (descriptor, _MAP_INFO_BYTES, ctypes.addressof(info))
    _bpf(_OBJ_GET_INFO_BY_FD, struct.pack("=2IQ", *fields))
    kind, _, key, value, entries, _, name = struct.unpack_from("=6I16s", info)
    return kind, key, value, entries, name.rstrip(b"\0").decode("ascii")


def is_frozen(map_descriptor: int) -> bool:
    """Tell whether a map is read-only for programs outside of the kernel.

    Raises:
        OSError: /proc does not say it.
    """
    file = os.open(f"/proc/self/fdinfo/{map_descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return b"frozen:\t1" in os.read(file, _FDINFO_BYTES).splitlines()
    finally:
        os.close(file)


def pin(descriptor: int, path: str) -> None:
    """Give an object a name in a BPF file system; it lives until that is removed.

    Raises:
        OSError: The kernel refuses.
    """
    text = ctypes.create_string_buffer(os.fsencode(path))
    _bpf(_OBJ_PIN, struct.pack("=Q2I", ctypes.addressof(text), descriptor, 0))


def pinned(path: str, *, read_only: bool = False) -> int:
    """Return a descriptor of a pinned object.

    Raises:
        OSError: There is none, or this user may not have it.
    """
    text = ctypes.create_string_buffer(os.fsencode(path))
    flags = _RDONLY if read_only else 0
    return _bpf(_OBJ_GET, struct.pack("=Q2I", ctypes.addressof(text), 0, flags))


def freeze(descriptor: int) -> None:
    """Make a map read-only for programs outside of the kernel, for ever.

    Raises:
        OSError: The kernel refuses.
    """
    _bpf(_MAP_FREEZE, struct.pack("=I", descriptor))


def set_first(descriptor: int, value: bytes) -> None:
    """Write the first element of an array; `value` has its size.

    Raises:
        OSError: The kernel refuses.
    """
    _element(_MAP_UPDATE_ELEM, descriptor, ctypes.create_string_buffer(value))


def first(descriptor: int, size: int) -> bytes:
    """Return the first element of an array, which is `size` bytes long.

    Raises:
        OSError: The kernel refuses.
    """
    value = ctypes.create_string_buffer(size)
    _element(_MAP_LOOKUP_ELEM, descriptor, value)
    return value.raw


def _element(command: int, descriptor: int, value: ctypes.Array[ctypes.c_char]) -> None:
    key = ctypes.create_string_buffer(4)
    fields = (descriptor, 0, ctypes.addressof(key), ctypes.addressof(value), 0)
    _bpf(command, struct.pack("=2I3Q", *fields))


def recursion_misses(program: int) -> int:
    """Return how often the kernel did not run a program; 0 before Linux 5.12.

    Raises:
        OSError: The descriptor is not of a program, or the kernel refuses.
    """
    return int(struct.unpack_from("=Q", _info(program), _RECURSION_MISSES_AT)[0])


def program_of(link: int) -> tuple[str, int]:
    """Return the name and a descriptor of the program of a link; for root.

    Raises:
        OSError, ValueError: The kernel refuses, or the descriptor is of no link.
    """
    text = Path(f"/proc/self/fdinfo/{link}").read_text("ascii")
    number = int(text.partition("prog_id:")[2].split("\n")[0])
    program = _bpf(_PROG_GET_FD_BY_ID, struct.pack("=3I", number, 0, 0))
    (name,) = struct.unpack_from("=16s", _info(program), _PROG_NAME_AT)
    return name.rstrip(b"\0").decode("ascii"), program


def _info(program: int) -> ctypes.Array[ctypes.c_char]:
    info = ctypes.create_string_buffer(_PROG_INFO_BYTES)
    fields = (program, _PROG_INFO_BYTES, ctypes.addressof(info))
    _bpf(_OBJ_GET_INFO_BY_FD, struct.pack("=2IQ", *fields))
    return info


def _name(name: str) -> bytes:
    return name.encode()[:NAME_BYTES]


def _bpf(command: int, attributes: bytes) -> int:
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    number = _SYS_BPF.get(platform.machine(), 280)
    return _syscall(number, command, ctypes.addressof(buffer), len(attributes))


def _syscall(number: int, *arguments: int) -> int:
    result = int(_libc.syscall(number, *map(ctypes.c_long, arguments)))
    if result < 0:
        raise _error()
    return result


def _error() -> OSError:
    number = ctypes.get_errno() or errno.EINVAL
    return OSError(number, os.strerror(number))
