"""The files of gauges and labels of a process, and their readers."""

import re
from collections.abc import Callable
from typing import Final

from montauk_tui.collectors.procfs.cgroup_file import CGROUP_BYTES, main_path
from montauk_tui.collectors.procfs.enrich.base import (
    Cost,
    Process,
    Reader,
    Source,
    Value,
)
from montauk_tui.collectors.procfs.enrich.io_priority import IoPriority
from montauk_tui.collectors.procfs.enrich.throttling import Throttling
from montauk_tui.model.text import clean

_NUMBER: Final = re.compile(rb"-?\d{1,15}")
_SIZES: Final = re.compile(rb"^(\w+): +(\d{1,15}) kB$", re.MULTILINE)
_AUTOGROUP: Final = re.compile(rb"/autogroup-(\d{1,15}) nice (-?\d{1,3})")


def _stateless(read: Reader) -> Callable[[], Reader]:
    """Return the factory of a reader without state."""
    return lambda: read


def _sizes(raw: bytes) -> dict[bytes, int]:
    return {name: int(kib) * 1024 for name, kib in _SIZES.findall(raw)}


@_stateless
def memory(of: Process) -> tuple[Value, ...]:
    """Return PSS, USS and swap of /proc/PID/smaps_rollup (proc_pid_smaps(5)).

    The kernel walks every page table for it, and holds the lock of the map meanwhile.
    """
    sizes = _sizes(of.read_living("smaps_rollup"))
    private = (b"Private_Clean", b"Private_Dirty")
    if b"Pss" not in sizes or not set(private) <= set(sizes):
        raise ValueError("not a smaps_rollup file")
    # Pages of hugetlbfs are counted apart, and are in neither Pss nor Rss.
    uss = sum(sizes[name] for name in private)
    # Without CONFIG_SWAP the line is there and 0.
    return float(sizes[b"Pss"]), float(uss), float(sizes.get(b"SwapPss", 0))


@_stateless
def swap(of: Process) -> tuple[Value, ...]:
    """Return VmSwap (proc_pid_status(5)): a kernel thread has none."""
    raw = of.read_living("status")
    sizes = _sizes(raw.replace(b"\t", b" "))
    if b"VmSwap" not in sizes:
        raise ValueError("no swap in the status file")
    return (float(sizes[b"VmSwap"]),)


def number(name: str) -> Callable[[], Reader]:
    """Return the reader of a file with one number."""

    @_stateless
    def read(of: Process) -> tuple[Value, ...]:
        found = _NUMBER.fullmatch(of.read(name, 64).strip())
        if found is None:
            raise ValueError(f"not a number in {name}")
        return (float(found[0]),)

    return read


def link(name: str) -> Callable[[], Reader]:
    """Return the reader of the target of a link."""

    @_stateless
    def read(of: Process) -> tuple[Value, ...]:
        return (clean(of.root.link(f"{of.folder}/{name}")),)

    return read


@_stateless
def cgroup(of: Process) -> tuple[Value, ...]:
    """Return the path of the cgroup; of version 1 the longest."""
    return (clean(main_path(of.read("cgroup", CGROUP_BYTES))),)


@_stateless
def wchan(of: Process) -> tuple[Value, ...]:
    """Return the kernel function; 0 for none, or if it is not permitted."""
    name = of.read_living("wchan", 256).strip()
    return ("" if name == b"0" else clean(name),)


@_stateless
def open_files(of: Process) -> tuple[Value, ...]:
    """Return how many files are open: from Linux 6.2 the size of the folder."""
    count = of.root.stat(f"{of.folder}/fd").st_size
    return (float(count or len(of.root.names(f"{of.folder}/fd"))),)


@_stateless
def autogroup(of: Process) -> tuple[Value, ...]:
    """Return the number and the nice value of its autogroup (sched(7))."""
    found = _AUTOGROUP.fullmatch(of.read("autogroup", 128).strip())
    if found is None:
        raise ValueError("in no autogroup")
    return float(found[1]), float(found[2])


@_stateless
def security(of: Process) -> tuple[Value, ...]:
    """Return the label that the security module gave it."""
    raw = of.read_living("attr/current")
    return (clean(raw.rstrip(b"\0\n")),)


SOURCES: Final = (
    Source(("pss_bytes", "uss_bytes", "swap_pss_bytes"), memory, Cost.EXPENSIVE),
    Source(("swap_bytes",), swap),
    Source(("oom",), number("oom_score")),
    Source(("oom_adj",), number("oom_score_adj")),
    Source(("exe",), link("exe")),
    Source(("cwd",), link("cwd")),
    Source(("cgroup",), cgroup),
    Source(("wchan",), wchan, by_thread=True),
    Source(("files",), open_files),
    Source(("autogroup", "autogroup_nice"), autogroup),
    Source(("security",), security),
    Source(("io_priority",), IoPriority, by_thread=True),
    Source(("throttled", "periods"), Throttling, two_samples=True),
)
"""Gauges and labels: numbers and texts that are looked up."""
