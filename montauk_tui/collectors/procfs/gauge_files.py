"""The files that gauges and labels of a process come from, and how each is read.

A reader returns the values of its file, or raises: OSError where the process is gone or
reading is not permitted, ValueError where the file is not what it should be.
"""

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from montauk_tui.collectors.procfs.cgroup_file import main_path
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.collectors.procfs.throttling import Throttling
from montauk_tui.model.schema import Need
from montauk_tui.model.text import clean

Value = float | str
Reader = Callable[[ProcRoot, int], tuple[Value, ...]]

_NUMBER: Final = re.compile(rb"-?\d{1,15}")
_SIZES: Final = re.compile(rb"^(\w+): +(\d{1,15}) kB$", re.MULTILINE)
_AUTOGROUP: Final = re.compile(rb"/autogroup-(\d{1,15}) nice (-?\d{1,3})")
_FILE_BYTES: Final = 4096
_CGROUP_BYTES: Final = 1 << 14


class Source(NamedTuple):
    """One file, or a few that are read together."""

    need: Need
    """What asks for it in every process."""
    names: tuple[str, ...]
    """Of `model.lookups`, in the order of the values."""
    read: Reader
    is_dear: bool = False
    """Whether reading it takes milliseconds, and so is put off or left to later."""
    by_thread: bool = False
    """Whether the threads of a process differ."""


def sources(throttling: Throttling) -> tuple[Source, ...]:
    """Return every source."""

    def throttled(root: ProcRoot, pid: int) -> tuple[Value, ...]:
        return throttling.periods(root.read(f"{pid}/cgroup", _CGROUP_BYTES))

    return (
        Source(Need.MEMORY, ("pss_bytes", "uss_bytes", "swap_pss_bytes"), _memory,
               is_dear=True),
        Source(Need.SWAP, ("swap_bytes",), _swap),
        Source(Need.OOM, ("oom",), _number_in("oom_score")),
        Source(Need.OOM_ADJ, ("oom_adj",), _number_in("oom_score_adj")),
        Source(Need.EXE, ("exe",), _link("exe")),
        Source(Need.CWD, ("cwd",), _link("cwd")),
        Source(Need.CGROUP, ("cgroup",), _cgroup),
        Source(Need.WCHAN, ("wchan",), _wchan, by_thread=True),
        Source(Need.FILES, ("files",), _files),
        Source(Need.AUTOGROUP, ("autogroup", "autogroup_nice"), _autogroup),
        Source(Need.SECURITY, ("security",), _security),
        Source(Need.THROTTLED, ("throttled", "periods"), throttled),
    )  # fmt: skip


def _sizes(raw: bytes) -> dict[bytes, int]:
    return {name: int(kib) * 1024 for name, kib in _SIZES.findall(raw)}


def _memory(root: ProcRoot, pid: int) -> tuple[Value, ...]:
    """Return PSS, USS and swap of /proc/PID/smaps_rollup (proc_pid_smaps(5)).

    The kernel walks every page table for it, and holds the lock of the map meanwhile.
    """
    sizes = _sizes(root.read(f"{root.folder(pid)}/smaps_rollup", _FILE_BYTES))
    private = (b"Private_Clean", b"Private_Dirty")
    if b"Pss" not in sizes or not set(private) <= set(sizes):
        raise ValueError("not a smaps_rollup file")
    # Pages of hugetlbfs are counted apart, and are in neither Pss nor Rss.
    uss = sum(sizes[name] for name in private)
    # Without CONFIG_SWAP the line is there and 0.
    return float(sizes[b"Pss"]), float(uss), float(sizes.get(b"SwapPss", 0))


def _swap(root: ProcRoot, pid: int) -> tuple[Value, ...]:
    """Return VmSwap (proc_pid_status(5)): a kernel thread has none."""
    raw = root.read(f"{root.folder(pid)}/status", _FILE_BYTES)
    sizes = _sizes(raw.replace(b"\t", b" "))
    if b"VmSwap" not in sizes:
        raise ValueError("no swap in the status file")
    return (float(sizes[b"VmSwap"]),)


def _number_in(name: str) -> Reader:
    def read(root: ProcRoot, pid: int) -> tuple[Value, ...]:
        found = _NUMBER.fullmatch(root.read(f"{pid}/{name}", 64).strip())
        if found is None:
            raise ValueError(f"not a number in {name}")
        return (float(found[0]),)

    return read


def _link(name: str) -> Reader:
    def read(root: ProcRoot, pid: int) -> tuple[Value, ...]:
        return (clean(root.link(f"{root.folder(pid)}/{name}")),)

    return read


def _cgroup(root: ProcRoot, pid: int) -> tuple[Value, ...]:
    return (clean(main_path(root.read(f"{pid}/cgroup", _CGROUP_BYTES))),)


def _wchan(root: ProcRoot, pid: int) -> tuple[Value, ...]:
    """Return the kernel function; 0 is none, or that it may not be told."""
    name = root.read(f"{root.folder(pid)}/wchan", 256).strip()
    return ("" if name == b"0" else clean(name),)


def _files(root: ProcRoot, pid: int) -> tuple[Value, ...]:
    """Return how many files are open: from Linux 6.2 the size of the folder."""
    count = root.stat(f"{root.folder(pid)}/fd").st_size
    return (float(count or len(root.names(f"{root.folder(pid)}/fd"))),)


def _autogroup(root: ProcRoot, pid: int) -> tuple[Value, ...]:
    found = _AUTOGROUP.fullmatch(root.read(f"{pid}/autogroup", 128).strip())
    if found is None:
        raise ValueError("in no autogroup")
    return float(found[1]), float(found[2])


def _security(root: ProcRoot, pid: int) -> tuple[Value, ...]:
    raw = root.read(f"{root.folder(pid)}/attr/current", _FILE_BYTES)
    return (clean(raw.rstrip(b"\0\n")),)
