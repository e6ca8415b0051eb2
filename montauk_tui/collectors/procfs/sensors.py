"""Temperatures and clocks of the CPUs, from a few files of /sys."""

import math
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from montauk_tui.collectors.procfs.figures import Reasons
from montauk_tui.model.devices import Frequency, Temperature
from montauk_tui.model.text import clean

_CPU_CHIPS: Final = frozenset({
    "coretemp", "k8temp", "k10temp", "zenpower", "cpu_thermal", "soc_thermal",
    "via_cputemp", "fam15h_power", "cpu", "scpi_sensors",
})  # fmt: skip
"""Drivers of hwmon that measure a CPU. Disks are left out: asking wakes them."""

_CPU_ZONES: Final = ("x86_pkg_temp", "TCPU", "cpu", "soc", "acpitz")
"""How the types of such thermal zones begin, the best first."""

_BYTES: Final = 64
_AGAIN_READS: Final = 60
"""Readings after which sensors are searched again, as a driver may have been loaded."""

_COLDEST_C, _HOTTEST_C = -100.0, 250.0
"""A sensor out of this range is broken or not connected."""


_MOST_KHZ: Final = 1e8
"""100 GHz."""

_INTEGER: Final = re.compile(rb"-?[0-9]{1,19}")


class _Sensor(NamedTuple):
    label: str
    file: str
    critical: float


class Thermometers:
    """Finds the sensors of the CPUs and reads them."""

    def __init__(self, sys: str = "/sys") -> None:
        """Look below `sys`."""
        self._sys = Path(sys)
        self._sensors: list[_Sensor] = []
        self._reads_left = 0

    def read(self, reasons: Reasons) -> tuple[Temperature, ...]:
        """Return the readings of the sensors; empty if there are none."""
        if not self._reads_left:
            self._sensors = list(self._chips()) or self._zones()
            self._reads_left = _AGAIN_READS
        self._reads_left -= 1
        found: list[Temperature] = []
        for sensor in self._sensors:
            celsius = _number(sensor.file) / 1000
            if _COLDEST_C < celsius < _HOTTEST_C:
                found.append(Temperature(sensor.label, celsius, sensor.critical))
        if self._sensors and not found:
            reasons.add("sensors", "no sensor of the CPUs reports a temperature")
        return tuple(found)

    def _chips(self) -> Iterator[_Sensor]:
        """Find them in hwmon (hwmon/sysfs-interface)."""
        for folder in _folders(self._sys / "class/hwmon", "hwmon"):
            if _text(f"{folder}/name") not in _CPU_CHIPS:
                continue
            for file in sorted(folder.glob("temp*_input")):
                stem = str(file).removesuffix("_input")
                label = _text(f"{stem}_label") or _text(f"{folder}/name")
                critical = _number(f"{stem}_crit") / 1000
                is_limit = 0 < critical < _HOTTEST_C
                yield _Sensor(label, str(file), critical if is_limit else math.nan)

    def _zones(self) -> list[_Sensor]:
        """Find them among the thermal zones (driver-api/thermal/sysfs-api)."""
        zones = [
            (_text(f"{folder}/type"), f"{folder}/temp")
            for folder in _folders(self._sys / "class/thermal", "thermal_zone")
        ]
        for start in _CPU_ZONES:
            found = [
                _Sensor(kind, file, math.nan)
                for kind, file in zones
                if kind.startswith(start)
            ]
            if found:
                return found
        return []


class Clocks:
    """Finds the clocks of the CPUs and reads them (admin-guide/pm/cpufreq)."""

    def __init__(self, sys: str = "/sys") -> None:
        """Look below `sys`."""
        self._folder = Path(sys) / "devices/system/cpu/cpufreq"
        self._files: list[tuple[str, float]] = []
        self._reads_left = 0

    def read(self, reasons: Reasons) -> tuple[Frequency, ...]:
        """Return the present frequencies; empty if they are not reported."""
        if not self._reads_left:
            self._files = [
                (f"{folder}/scaling_cur_freq", _number(f"{folder}/cpuinfo_max_freq"))
                for folder in _folders(self._folder, "policy")
            ]
            self._reads_left = _AGAIN_READS
        self._reads_left -= 1
        clocks = ((_number(file), most_khz) for file, most_khz in self._files)
        found = tuple(
            Frequency(
                now_khz * 1000,
                most_khz * 1000 if 0 < most_khz <= _MOST_KHZ else math.nan,
            )
            for now_khz, most_khz in clocks
            if 0 < now_khz <= _MOST_KHZ
        )
        if self._files and not found:
            reasons.add("cpufreq", "no CPU reports its frequency")
        return found


def _folders(parent: Path, start: str) -> list[Path]:
    try:
        names = os.listdir(parent)  # noqa: PTH208
    except OSError:
        return []
    numbers = (name.removeprefix(start) for name in names if name.startswith(start))
    digits = sorted(
        (number for number in numbers if number.isascii() and number.isdigit()), key=int
    )
    return [parent / f"{start}{number}" for number in digits]


def _read(path: str) -> bytes:
    """Return a small file; empty if a driver refuses, as a suspended device does."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        return os.read(fd, _BYTES)
    except OSError:
        return b""
    finally:
        os.close(fd)


def _text(path: str) -> str:
    return clean(_read(path).strip())


def _number(path: str) -> float:
    text = _read(path).strip()
    return float(text) if _INTEGER.fullmatch(text) else math.nan
