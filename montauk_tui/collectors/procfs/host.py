"""The whole machine, from small files of /proc, and of /sys where somebody asks."""

import math
import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeVar

import numpy as np

from montauk_tui.collectors.procfs.disk import Disks
from montauk_tui.collectors.procfs.network import Interfaces
from montauk_tui.collectors.procfs.sensors import Clocks, Thermometers
from montauk_tui.model.devices import Devices
from montauk_tui.model.sample import CPU_FIELDS, HostSample, Memory, Pressure
from montauk_tui.model.schema import Floats, Ints, Need
from montauk_tui.model.text import clean

Read = Callable[[str], bytes]
"""Return the content of a file below /proc; raise OSError where it cannot be read."""

_MEMINFO: Final = {
    "total": b"MemTotal",
    "free": b"MemFree",
    "available": b"MemAvailable",
    "buffers": b"Buffers",
    "cached": b"Cached",
    "shared": b"Shmem",
    "swap_total": b"SwapTotal",
    "swap_free": b"SwapFree",
    "swap_cached": b"SwapCached",
}

_PRESSURES: Final = ("cpu", "memory", "io")

_COUNT_DIGITS: Final = 15
"""So many KiB fit into an int64 as bytes."""


_Parsed = TypeVar("_Parsed")


class HostReader:
    """Reads the machine; remembers which of its devices count."""

    def __init__(self, read: Read, read_lists: Read, sys: str = "/sys") -> None:
        """Read files of /proc with `read`, long ones with `read_lists`."""
        self._read = read
        self._read_lists = read_lists
        self._interfaces = Interfaces(sys)
        self._disks = Disks(sys)
        self._thermometers = Thermometers(sys)
        self._clocks = Clocks(sys)

    def sample(self, needs: Need) -> HostSample:
        """Return the machine as it is now; of its devices what is needed.

        A device that cannot be read is unknown, and no failure.

        Raises:
            OSError: /proc/stat, meminfo, loadavg or uptime cannot be read.
            ValueError: One of them does not have the documented form.
        """
        host = read_host(self._read)
        if not needs & _DEVICES:
            return host
        hot, clocks = Need.TEMPERATURE in needs, Need.FREQUENCY in needs
        return replace(
            host,
            devices=self._devices(needs),
            temperatures=self._thermometers.read() if hot else None,
            frequencies=self._clocks.read() if clocks else None,
        )

    def _devices(self, needs: Need) -> Devices:
        read_s = time.monotonic()
        network, disks = Need.NETWORK in needs, Need.DISK in needs
        return Devices(
            read_s,
            self._known("net/dev", self._interfaces.select) if network else None,
            self._known("diskstats", self._disks.select) if disks else None,
        )

    def _known(self, name: str, select: Callable[[bytes], _Parsed]) -> _Parsed | None:
        try:
            return select(self._read_lists(name))
        except (OSError, ValueError):
            return None


_DEVICES: Final = Need.NETWORK | Need.DISK | Need.TEMPERATURE | Need.FREQUENCY


def read_host(read: Read) -> HostSample:
    """Return the counters and gauges of the machine.

    Raises:
        OSError: /proc/stat, meminfo, loadavg or uptime cannot be read.
        ValueError: One of them does not have the documented form.
    """
    read_s, stat = time.monotonic(), read("stat")
    cpu_ids, cpu_ticks = parse_cpus(stat)
    load, running, threads = parse_loadavg(read("loadavg"))
    uptime, *_ = read("uptime").split()
    return HostSample(
        hostname=clean(os.fsencode(os.uname().nodename)),
        cpu_ids=cpu_ids,
        cpu_ticks=cpu_ticks,
        memory=parse_meminfo(read("meminfo")),
        load=load,
        uptime_s=_number(uptime),
        threads=threads,
        running=running,
        pressure=read_pressure(read),
        read_s=read_s,
    )


def parse_cpus(text: bytes) -> tuple[Ints, Floats]:
    """Return the CPUs' numbers and their ticks by kind (proc_stat(5)).

    A kernel that lacks the last kinds has 0 there: it has no such time to count.
    """
    ids: list[int] = []
    ticks: list[list[float]] = []
    for line in text.splitlines()[1:]:
        if not line.startswith(b"cpu"):
            break
        words = line.split()
        ids.append(_count(words[0][3:]))
        numbers = [_number(word) for word in words[1 : 1 + len(CPU_FIELDS)]]
        ticks.append(numbers + [0.0] * (len(CPU_FIELDS) - len(numbers)))
    if not ids:
        reason = "no CPU in /proc/stat"
        raise ValueError(reason)
    return np.array(ids, dtype=np.int64), np.array(ticks, dtype=np.float64)


def parse_meminfo(text: bytes) -> Memory:
    """Return the host's memory; a line that is missing counts as 0 bytes."""
    kib: dict[bytes, int] = {}
    for line in text.splitlines():
        name, _, value = line.partition(b":")
        words = value.split()
        if words and words[0].isdigit():
            kib[name] = _count(words[0])
    return Memory(
        **{field: kib.get(name, 0) * 1024 for field, name in _MEMINFO.items()}
    )


def parse_loadavg(text: bytes) -> tuple[tuple[float, float, float], int, int]:
    """Return the load averages, and how many threads are runnable and exist."""
    one, five, fifteen, counts = text.split()[:4]
    running, _, threads = counts.partition(b"/")
    load = (_number(one), _number(five), _number(fifteen))
    return load, _count(running), _count(threads)


def read_pressure(read: Read) -> dict[str, Pressure]:
    """Return the stall shares by resource; none where the kernel keeps none.

    A kernel booted with psi=0 has the files and refuses to read them.
    """
    pressure: dict[str, Pressure] = {}
    for resource in _PRESSURES:
        try:
            text = read(f"pressure/{resource}")
        except OSError:
            continue
        pressure[resource] = parse_pressure(text)
    return pressure


def parse_pressure(text: bytes) -> Pressure:
    """Return the 10 s averages of one pressure file; `full` is absent for old CPUs."""
    shares = {b"some": 0.0, b"full": 0.0}
    for line in text.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] in shares and words[1].startswith(b"avg10="):
            shares[words[0]] = _number(words[1][6:])
    return Pressure(some_pct=shares[b"some"], full_pct=shares[b"full"])


def _count(word: bytes) -> int:
    if not word.isdigit() or len(word) > _COUNT_DIGITS:
        raise ValueError(f"{word[:40]!r} is not a count")
    return int(word)


def _number(word: bytes) -> float:
    number = float(word)
    if not math.isfinite(number):
        raise ValueError(f"{word[:40]!r} is not a number")
    return number
