"""Bytes a second through interfaces and disks, from two readings of their counters."""

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.model.devices import Devices
from montauk_tui.model.frame import NO_THROUGHPUT, DeviceThroughput, Throughput

_MOST_BYTES_S: Final = 1e15
"""More than any device transfers in a second."""


class _Count(NamedTuple):
    in_bytes: float
    out_bytes: float
    busy_s: float


def network_throughput(previous: Devices | None, current: Devices) -> DeviceThroughput:
    """Return the throughput of each interface since `previous`."""
    return _throughput(previous, current, _network(previous), _network(current))


def disk_throughput(previous: Devices | None, current: Devices) -> DeviceThroughput:
    """Return the throughput of each disk since `previous`."""
    return _throughput(previous, current, _disks(previous), _disks(current))


def _network(devices: Devices | None) -> Mapping[str, _Count]:
    interfaces = (devices and devices.interfaces) or ()
    return {
        one.name: _Count(one.received_bytes, one.sent_bytes, math.nan)
        for one in interfaces
    }


def _disks(devices: Devices | None) -> Mapping[str, _Count]:
    disks = (devices and devices.disks) or ()
    return {
        one.name: _Count(one.read_bytes, one.written_bytes, one.busy_s) for one in disks
    }


def _throughput(
    previous: Devices | None,
    current: Devices,
    before: Mapping[str, _Count],
    now: Mapping[str, _Count],
) -> DeviceThroughput:
    if not now:
        return NO_THROUGHPUT
    passed_s = current.read_s - previous.read_s if previous else math.nan
    each = [
        _device(name, before.get(name), count, passed_s) for name, count in now.items()
    ]
    return DeviceThroughput(
        tuple(each), _total(each, is_same=before.keys() == now.keys())
    )


def _device(
    name: str, before: _Count | None, now: _Count, passed_s: float
) -> Throughput:
    """Return the growth per second; a counter that went back is of another device."""
    if before is None or not passed_s > 0:
        return Throughput(name, math.nan, math.nan)
    grown = [new - old for new, old in zip(now, before, strict=True)]
    if any(growth < 0 for growth in grown):
        return Throughput(name, math.nan, math.nan)
    received, sent, busy_s = grown
    # Both clocks are rounded differently.
    busy = math.nan if math.isnan(busy_s) else min(busy_s / passed_s, 1.0)
    return Throughput(name, _rate(received, passed_s), _rate(sent, passed_s), busy)


def _rate(grown: float, passed_s: float) -> float:
    per_s = grown / passed_s
    return per_s if per_s <= _MOST_BYTES_S else math.nan


def _total(each: Sequence[Throughput], *, is_same: bool) -> Throughput:
    """Return the sum, unknown if a device was added or removed."""
    if not is_same:
        return NO_THROUGHPUT.total
    return Throughput(
        "",
        math.fsum(one.in_bytes for one in each),
        math.fsum(one.out_bytes for one in each),
        # fmax() returns the one that is known.
        float(np.fmax.reduce([one.busy_share for one in each])),
    )
