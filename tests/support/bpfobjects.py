"""What BPF holds on this machine, and who holds it."""

import ctypes
import platform
from pathlib import Path
from typing import Final, NamedTuple

SYS_BPF: Final = {"x86_64": 321, "s390x": 351, "ppc64le": 361}.get(
    platform.machine(), 280
)
NEXT_ID: Final = {"program": 11, "map": 12, "link": 31}
"""BPF_PROG_GET_NEXT_ID and its like (include/uapi/linux/bpf.h)."""


class Objects(NamedTuple):
    """A kind of BPF object and its id."""

    kind: str
    id: int


def bpf_objects() -> set[Objects]:
    """Return everything that BPF holds on this machine."""
    libc = ctypes.CDLL(None, use_errno=True)
    found = set()
    for kind, command in NEXT_ID.items():
        last = 0
        while True:
            attributes = (ctypes.c_uint32 * 3)(last, 0, 0)
            if libc.syscall(SYS_BPF, command, attributes, 12) < 0:
                break
            last = attributes[1]
            found.add(Objects(kind, last))
    return found


FIELDS: Final = {"prog_id": "program", "map_id": "map", "link_id": "link"}


def bpf_objects_of(pid: int) -> set[Objects]:
    """Return what the descriptors of a process refer to (proc_pid_fdinfo(5))."""
    found = set()
    for path in Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            text = path.read_text()
        except OSError:
            continue
        found |= objects_in(text)
    return found


def objects_in(text: str) -> set[Objects]:
    """Return the objects that such files name."""
    lines = (line.partition(":") for line in text.splitlines())
    return {Objects(FIELDS[name], int(it)) for name, _, it in lines if name in FIELDS}
