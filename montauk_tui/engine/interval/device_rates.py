"""What disks, interfaces and file systems do, one by one, from two readings."""

import math
from collections.abc import Callable, Mapping
from typing import Final

from montauk_tui.model.devices import DeviceLists, Listed

Values = Mapping[str, float]
Lists = Mapping[str, Mapping[str, Values]]

_SECTOR_BYTES: Final = 512
"""Independent of the disk's own sector size (include/linux/blk_types.h)."""

_Grown = Callable[[str], float]
"""Returns the growth of a counter a second."""


def list_rates(previous: DeviceLists | None, current: DeviceLists) -> Lists:
    """Return the columns of each device by kind and name; NaN for unknown.

    Args:
        previous: The reading before, if there was one.
        current: This reading.
    """
    passed_s = current.read_s - previous.read_s if previous else math.nan
    rates: dict[str, Mapping[str, Values]] = {}
    for kind, columns in _KINDS.items():
        now: Mapping[str, Listed] | None = getattr(current, kind)
        if now is None:
            continue
        before: Mapping[str, Listed] = getattr(previous, kind, None) or {}
        rates[kind] = {
            name: columns(one.values, _growth(before.get(name), one, passed_s))
            for name, one in now.items()
        }
    return rates


def _growth(before: Listed | None, now: Listed, passed_s: float) -> _Grown:
    """Return the function for the growth of counters.

    If one went back, the device is another one with the same name.
    """
    last = before.values if before else {}
    shared = (name for name in last if name in now.values and name not in _GAUGES)
    is_same = all(now.values[name] >= last[name] for name in shared)

    def grown(name: str) -> float:
        if not (is_same and passed_s > 0):
            return math.nan
        growth = now.values.get(name, math.nan) - last.get(name, math.nan)
        return growth / passed_s

    return grown


_GAUGES: Final = {"size_bytes", "speed_bits", "used_bytes", "free_bytes", "free_inodes",
                  "inodes"}  # fmt: skip


def _disk(now: Values, grown: _Grown) -> Values:
    requests = grown("reads") + grown("writes")
    waited_ms = grown("read_ms") + grown("write_ms")
    # Both clocks are rounded differently.
    busy_pct = min(grown("busy_ms") / 10.0, 100.0)
    return {
        "disk_read_rate": grown("read_sectors") * _SECTOR_BYTES,
        "disk_write_rate": grown("write_sectors") * _SECTOR_BYTES,
        "disk_reads": grown("reads"),
        "disk_writes": grown("writes"),
        "disk_busy_pct": math.nan if math.isnan(grown("busy_ms")) else busy_pct,
        "disk_await_s": waited_ms / requests / 1000.0 if requests else math.nan,
        "disk_queue": grown("queued_ms") / 1000.0,
        "disk_size_bytes": now.get("size_bytes", math.nan),
    }


def _interface(now: Values, grown: _Grown) -> Values:
    rates = {
        f"net_{way}_{what}": grown(f"{way}_{what}")
        for way in ("in", "out")
        for what in ("packets", "errors", "drops")
    }
    return {
        "net_in_rate": grown("in_bytes"),
        "net_out_rate": grown("out_bytes"),
        "net_speed": now.get("speed_bits", math.nan),
        **rates,
    }


def _filesystem(now: Values, _grown: _Grown) -> Values:
    def value(name: str) -> float:
        return now.get(name, math.nan)

    used, free = value("used_bytes"), value("free_bytes")
    inodes = value("inodes")
    return {
        "fs_size_bytes": value("size_bytes"),
        "fs_used_bytes": used,
        "fs_free_bytes": free,
        # Of what users may use: df(1) leaves out the blocks reserved for root too.
        "fs_used_pct": _share(used, used + free),
        "fs_inodes": inodes,
        "fs_inodes_pct": _share(inodes - value("free_inodes"), inodes),
    }


def _share(part: float, whole: float) -> float:
    return part / whole * 100.0 if whole > 0 else math.nan


_KINDS: Final[dict[str, Callable[[Values, _Grown], Values]]] = {
    "disks": _disk,
    "interfaces": _interface,
    "filesystems": _filesystem,
}
"""By the names of the lists in `DeviceLists`."""
