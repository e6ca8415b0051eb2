"""The whole machine, from small files of /proc, and of /sys if needed."""

import errno
import math
import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from montauk_tui.collectors import namespaces
from montauk_tui.collectors.procfs.cpus import Cpus, parse_cpus
from montauk_tui.collectors.procfs.device_lists import LISTS, DeviceListReader
from montauk_tui.collectors.procfs.disk import Disks
from montauk_tui.collectors.procfs.figures import Reasons, without_cut_word
from montauk_tui.collectors.procfs.meminfo import parse_meminfo
from montauk_tui.collectors.procfs.network import Interfaces
from montauk_tui.collectors.procfs.sensors import Clocks, Thermometers
from montauk_tui.collectors.procfs.stolen import Stolen
from montauk_tui.model.devices import Devices
from montauk_tui.model.sample import CPU_FIELDS, HostSample, Pressure
from montauk_tui.model.schema import UNKNOWN, Ints, Need, known_sum
from montauk_tui.model.text import clean

if TYPE_CHECKING:
    from montauk_tui.collectors.procfs.charged import Charged

Read = Callable[[str], bytes]
"""Return the content of a file below /proc; raise OSError where it cannot be read."""

_STEAL: Final = CPU_FIELDS.index("steal")

_PRESSURES: Final = ("cpu", "memory", "io")

_MOST_THREADS: Final = float(1 << 22)
"""PID_MAX_LIMIT of include/linux/threads.h."""

_MOST_UPTIME_S: Final = 1e10
"""Three centuries."""

_Parsed = TypeVar("_Parsed")


class HostReader:
    """Reads the machine; keeps track of which devices count."""

    def __init__(
        self,
        read: Read,
        read_lists: Read,
        sys: str = "/sys",
        charged: "Charged | None" = None,
        tasks_s: Callable[[Ints], float] | None = None,
    ) -> None:
        """Read files of /proc with `read`, long ones with `read_lists`.

        `tasks_s` returns for how long some CPUs ran tasks; `charged` is for collectors
        that do not watch what they run.
        """
        self._charged, self._tasks_s = charged, tasks_s
        self._read = read
        self._read_lists = read_lists
        self._interfaces = Interfaces(sys)
        self._disks = Disks(sys)
        self._lists = DeviceListReader(read_lists, sys)
        self._thermometers = Thermometers(sys)
        self._clocks = Clocks(sys)
        self._stolen = Stolen(sys)
        self._sees_every_process = namespaces.sees_every_process()

    def sample(self, needs: Need) -> HostSample:
        """Return the machine as it is now, with the devices that are needed.

        What cannot be read, or cannot be true, is unknown and no failure.

        Raises:
            OSError: None of the files exists: /proc is not mounted.
        """
        reasons = Reasons()
        host = read_host(self._read, reasons, self._of_cpus)
        if not needs & _DEVICES:
            return host
        return replace(host, **self._of_devices(needs, reasons))

    def _of_cpus(self, cpus: Cpus) -> dict[str, Any]:
        """Return more fields of a sample: how long tasks ran, as far as known."""
        stolen = known_sum(cpus.ticks[:, _STEAL])
        found: dict[str, Any] = {
            "charges_stolen": self._stolen.is_charged(stolen),
            "sees_every_process": self._sees_every_process,
        }
        if self._tasks_s is not None:
            found["tasks_s"] = self._tasks_s(cpus.ids)
        elif self._charged is not None and (charged := self._charged.read()):
            found["charged_s"] = charged.seconds
            found["charged_has_kernel"] = charged.has_kernel_threads
        return found

    def _of_devices(self, needs: Need, reasons: Reasons) -> dict[str, Any]:
        hot, clocks = Need.TEMPERATURE in needs, Need.FREQUENCY in needs
        return {
            "devices": self._devices(needs, reasons),
            "lists": self._lists.read(needs, reasons),
            "temperatures": self._thermometers.read(reasons) if hot else None,
            "frequencies": self._clocks.read(reasons) if clocks else None,
            "unknown": tuple(reasons.lines),
        }

    def _devices(self, needs: Need, reasons: Reasons) -> Devices:
        read_s = time.monotonic()
        network, disks = Need.NETWORK in needs, Need.DISK in needs

        def known(
            name: str, select: Callable[[bytes, Reasons], _Parsed]
        ) -> _Parsed | None:
            text = _text(name, self._read_lists, reasons)
            return None if text is None else select(text, reasons)

        return Devices(
            read_s,
            known("net/dev", self._interfaces.select) if network else None,
            known("diskstats", self._disks.select) if disks else None,
        )


_DEVICES: Final = Need.NETWORK | Need.DISK | Need.TEMPERATURE | Need.FREQUENCY | LISTS


def read_host(
    read: Read, reasons: Reasons, more: Callable[[Cpus], dict[str, Any]] = lambda _: {}
) -> HostSample:
    """Return the counters and gauges of the machine, adding to `reasons`.

    `more` returns further fields, at once after the CPU times are read.

    Raises:
        OSError: There is none of the files.
    """
    read_s, stat = time.monotonic(), _text("stat", read, reasons)
    cpus = parse_cpus(stat or b"", Reasons() if stat is None else reasons)
    fields = more(cpus)
    loadavg = _text("loadavg", read, reasons)
    load, running, threads = (
        NO_LOAD if loadavg is None else parse_loadavg(loadavg, reasons)
    )
    uptime = _text("uptime", read, reasons)
    meminfo = _text("meminfo", read, reasons)
    if stat is loadavg is uptime is meminfo is None:
        raise FileNotFoundError(errno.ENOENT, "none of its files is there", "/proc")
    return HostSample(
        hostname=clean(os.fsencode(os.uname().nodename)),
        cpu_ids=cpus.ids,
        cpu_ticks=cpus.ticks,
        memory=NO_MEMORY if meminfo is None else parse_meminfo(meminfo, reasons, read),
        load=load,
        uptime_s=math.nan if uptime is None else parse_uptime(uptime, reasons),
        threads=threads,
        running=running,
        pressure=read_pressure(read, reasons),
        read_s=read_s,
        measures_interrupts=cpus.measures_interrupts,
        unknown=tuple(reasons.lines),
        **fields,
    )


NO_LOAD: Final = ((math.nan, math.nan, math.nan), UNKNOWN, UNKNOWN)
NO_MEMORY: Final = parse_meminfo(b"", Reasons(), lambda _: b"")


def _text(name: str, read: Read, reasons: Reasons) -> bytes | None:
    try:
        return read(name)
    except (OSError, ValueError) as error:
        reasons.add_error(name, error)
        return None


def parse_loadavg(
    text: bytes, reasons: Reasons
) -> tuple[tuple[float, float, float], int, int]:
    """Return the load averages, and how many threads are runnable and exist."""
    words: list[bytes | None] = [*without_cut_word(text).split()[:4]]
    words += [None] * (4 - len(words))
    counts = words.pop()
    one, five, fifteen = (
        reasons.number("loadavg", f"the load of {minutes} min", word, _MOST_THREADS)
        for minutes, word in zip((1, 5, 15), words, strict=True)
    )
    running, slash, threads = (None, b"", None) if counts is None else (
        counts.partition(b"/")
    )  # fmt: skip
    found = [
        reasons.number("loadavg", name, word, _MOST_THREADS)
        for name, word in (
            ("running", running),
            ("threads", threads if slash else None),
        )
    ]
    running_now, exist = (UNKNOWN if math.isnan(n) else int(n) for n in found)
    return (one, five, fifteen), running_now, exist


def parse_uptime(text: bytes, reasons: Reasons) -> float:
    """Return the seconds since boot."""
    word = next(iter(without_cut_word(text).split()), None)
    return reasons.number("uptime", "the first number", word, _MOST_UPTIME_S)


def read_pressure(read: Read, reasons: Reasons) -> dict[str, Pressure]:
    """Return the stall shares by resource; none where the kernel keeps none.

    A kernel booted with psi=0 has the files and refuses to read them.
    """
    pressure: dict[str, Pressure] = {}
    for resource in _PRESSURES:
        try:
            text = read(f"pressure/{resource}")
        except OSError:
            continue
        pressure[resource] = parse_pressure(resource, text, reasons)
    return pressure


def parse_pressure(resource: str, text: bytes, reasons: Reasons) -> Pressure:
    """Return the 10 s averages of one pressure file.

    Before 5.13 the file of CPUs has no line `full`: that value is unknown, no error.
    """
    found: dict[bytes, bytes | None] = {}
    for line in without_cut_word(text).splitlines():
        kind, _, rest = line.partition(b" avg10=")
        found.setdefault(kind, next(iter(rest.split()), None))
    shares = {
        kind: reasons.number(
            f"pressure/{resource}", f"{kind.decode()} avg10", found.get(kind), 100.0
        )
        for kind in (b"some", b"full")
        if kind in found or kind == b"some" or resource != "cpu"
    }
    return Pressure(shares[b"some"], shares.get(b"full", math.nan))
