"""What the machine's devices count or measure: interfaces, disks, sensors."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from montauk_tui.model.schema import Need


@dataclass(frozen=True, slots=True)
class Interface:
    """Bytes through one network interface since it appeared (proc_pid_net(5)).

    NaN where they are not known.
    """

    name: str
    received_bytes: float
    sent_bytes: float


@dataclass(frozen=True, slots=True)
class Disk:
    """Work of one whole disk since it appeared (admin-guide/iostats).

    NaN where it is not known.
    """

    name: str
    read_bytes: float
    written_bytes: float
    busy_s: float
    """Time in which it had something to do."""


@dataclass(frozen=True, slots=True)
class Devices:
    """Counters that belong together because they were read at one moment."""

    read_s: float
    """CLOCK_MONOTONIC of the reading."""
    interfaces: tuple[Interface, ...] | None = None
    """Those whose bytes no other one counts too; None where not read or unreadable."""
    disks: tuple[Disk, ...] | None = None
    """Those that are no part and no layer of another; None as above."""


NO_DEVICES: Final = Devices(math.nan)


@dataclass(frozen=True, slots=True)
class Listed:
    """One disk, interface or file system; what is missing is unknown."""

    values: Mapping[str, float]
    """Counters and gauges by name, in the unit of the kernel's file."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Sanitised texts by name."""
    why: str = ""
    """Why something is unknown."""


@dataclass(frozen=True, slots=True)
class DeviceLists:
    """Devices one by one, by their sanitised names; None where not read."""

    read_s: float
    """CLOCK_MONOTONIC of the reading."""
    disks: Mapping[str, Listed] | None = None
    interfaces: Mapping[str, Listed] | None = None
    filesystems: Mapping[str, Listed] | None = None
    """By mount point."""


NO_LISTS: Final = DeviceLists(math.nan)

DISKS: Final = Need.of("list_disks")
INTERFACES: Final = Need.of("list_interfaces")
FILESYSTEMS: Final = Need.of("list_filesystems")


@dataclass(frozen=True, slots=True)
class Temperature:
    """One sensor of a CPU, in degrees Celsius."""

    label: str
    celsius: float
    critical: float
    """Where the machine turns itself off; NaN where it does not say."""


@dataclass(frozen=True, slots=True)
class Frequency:
    """The clock of CPUs that have one in common, in Hz."""

    now_hz: float
    most_hz: float
    """NaN where the driver does not say."""
