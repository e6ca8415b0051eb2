"""Disks, interfaces and file systems of a made-up machine, one by one."""

from dataclasses import replace
from typing import Final

from montauk_tui.model.devices import DeviceLists, Listed
from montauk_tui.model.sample import HostSample

GIB: Final = 1 << 30

_SSD: Final = {
    "reads": 100.0, "read_sectors": 8_000.0, "read_ms": 50.0, "writes": 900.0,
    "write_sectors": 64_000.0, "write_ms": 700.0, "busy_ms": 1_000.0,
    "queued_ms": 2_000.0, "size_bytes": 512.0 * GIB,
}  # fmt: skip
_CARD: Final = {
    "in_bytes": 1e6, "in_packets": 1_000.0, "in_errors": 2.0, "in_drops": 0.0,
    "out_bytes": 5e5, "out_packets": 700.0, "out_errors": 0.0, "out_drops": 10.0,
    "speed_bits": 1e10,
}  # fmt: skip
_ROOT: Final = {
    "size_bytes": 100.0 * GIB, "used_bytes": 91.0 * GIB, "free_bytes": 4.0 * GIB,
    "inodes": 6_553_600.0, "free_inodes": 6_000_000.0,
}  # fmt: skip
_NO_ANSWER: Final = "no answer for 30 s"


def first_lists(read_s: float = 10.0) -> DeviceLists:
    """Return the first reading."""
    return DeviceLists(
        read_s,
        {"nvme0n1": Listed(_SSD), "sda": Listed(_idle(_SSD))},
        {
            "enp3s0": Listed(_CARD, {"net_state": "up"}),
            "lo": Listed(_idle(_CARD), {"net_state": "unknown"}),
        },
        {
            "/": Listed(_ROOT, _of("ext4", "/dev/nvme0n1p2")),
            "/boot/efi": Listed(
                {"size_bytes": 0.5 * GIB, "used_bytes": 6e6, "free_bytes": 5.3e8},
                _of("vfat", "/dev/nvme0n1p1"),
            ),
            "/srv/backup": Listed({}, _of("nfs4", "store:/backup"), _NO_ANSWER),
        },
    )


def second_lists(after_s: float = 2.0) -> DeviceLists:
    """Return the reading some seconds later."""
    lists = first_lists(10.0 + after_s)
    disk = {
        **_SSD, "reads": 300.0, "read_sectors": 16_192.0, "read_ms": 250.0,
        "writes": 1_000.0, "write_sectors": 166_400.0, "write_ms": 1_000.0,
        "busy_ms": 2_500.0, "queued_ms": 5_000.0,
    }  # fmt: skip
    card = {
        **_CARD, "in_bytes": 3_097_152.0, "in_packets": 3_000.0, "in_errors": 6.0,
        "out_bytes": 5e5 + 2_048.0, "out_packets": 710.0,
    }  # fmt: skip
    assert lists.disks is not None
    assert lists.interfaces is not None
    return replace(
        lists,
        disks={**lists.disks, "nvme0n1": Listed(disk)},
        interfaces={**lists.interfaces, "enp3s0": Listed(card, {"net_state": "up"})},
    )


def with_lists(host: HostSample, lists: DeviceLists) -> HostSample:
    """Return a machine with these devices."""
    return replace(host, lists=lists)


def _idle(values: dict[str, float]) -> dict[str, float]:
    return {**dict.fromkeys(values, 0.0), "speed_bits": float("nan")}


def _of(kind: str, source: str) -> dict[str, str]:
    return {"fs_type": kind, "fs_source": source, "fs_mode": "rw"}


def continued_lists(before: DeviceLists, last: DeviceLists, steps: int) -> DeviceLists:
    """Return the reading some steps later, each like the last one."""
    gauges = {"size_bytes", "used_bytes", "free_bytes", "inodes", "free_inodes",
              "speed_bits"}  # fmt: skip

    def later(kind: str) -> dict[str, Listed] | None:
        old, new = getattr(before, kind), getattr(last, kind)
        if old is None or new is None:
            return new  # type: ignore[no-any-return]
        return {
            name: replace(
                one,
                values={
                    key: value
                    if key in gauges
                    else value + steps * (value - old[name].values.get(key, value))
                    for key, value in one.values.items()
                },
            )
            for name, one in new.items()
        }

    read_s = last.read_s + steps * (last.read_s - before.read_s)
    return DeviceLists(
        read_s, later("disks"), later("interfaces"), later("filesystems")
    )
