"""The further lists of `--json --with`."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from montauk_tui.errors import UsageError
from montauk_tui.export.jsonlines import frame_json
from montauk_tui.export.more_lists import LISTS, chosen
from montauk_tui.model.cgroups import NO_LIMIT, CgroupFigures, CgroupSample
from montauk_tui.model.frame import Frame
from tests.support.builders import make_host, make_sample
from tests.support.device_lists import second_lists, with_lists
from tests.support.recordings import (
    differences,
    frames_of,
    read,
    samples_of,
    write,
)
from tests.unit.test_groups import PATHS, WEB, at
from tests.unit.test_groups_kernel import with_figures
from tests.unit.test_rows_devices import frame_with


def document(frame: Frame, names: str) -> dict[str, Any]:
    """Return the JSON of a frame with some lists."""
    rows = np.arange(len(frame.sample.processes))
    line = frame_json(frame, rows, more=chosen(names))
    found: dict[str, Any] = json.loads(line, parse_constant=pytest.fail)
    return found


def test_without_the_option_there_are_no_more_lists() -> None:
    frame = at(WEB)
    assert LISTS.keys().isdisjoint(json.loads(frame_json(frame, np.arange(1))))


def test_cgroups() -> None:
    off = "this controller is not on for this cgroup"
    frame = with_figures(at(WEB), PATHS[2], tasks=off)
    assert document(frame, "cgroups")["cgroups"] == [
        {
            "path": PATHS[2],
            "memory_bytes": 192_000_000,
            "memory_limit_bytes": 200_000_000,
            "cpu_pct": 50.0,
            "cpu_limit_cores": 0.5,
            "throttled_pct": 50.0,
            "throttled_s_per_s": 0.5,
            "cpu_pressure_pct": 30.0,
            "memory_pressure_pct": 0.0,
            "io_pressure_pct": 1.0,
            "read_bytes_per_s": 1 << 20,
            "write_bytes_per_s": 0,
            "tasks": None,
            "tasks_limit": "max",
            "unknown": {"tasks": off},
        }
    ]


def test_what_is_not_read_is_said() -> None:
    sample = CgroupSample(
        {"/": CgroupFigures(1.0, {"quota_us": NO_LIMIT, "period_us": 1.0})},
        ("cgroups: 5 of 6 not read",),
    )
    frame = at(WEB)
    frame = replace(frame, sample=replace(frame.sample, cgroups=sample))
    assert document(frame, "cgroups")["host"]["unknown"] == list(sample.unknown)


@pytest.mark.parametrize("names", ["cgroup", "", "cgroups,", "cgroups,x"])
def test_an_unknown_list_is_refused(names: str) -> None:
    with pytest.raises(UsageError, match="no list is called"):
        chosen(names)


def test_several_lists() -> None:
    assert [*chosen("disks, cgroups,disks")] == ["disks", "cgroups"]


def test_disks() -> None:
    (disk, _) = document(frame_with(), "disks")["disks"]
    assert disk == {
        "name": "nvme0n1",
        "busy_pct": 75.0,
        "reads_per_s": 100.0,
        "writes_per_s": 50.0,
        "read_bytes_per_s": 2_097_152,
        "write_bytes_per_s": 26_214_400,
        "await_s": 0.001667,
        "queue": 1.5,
        "size_bytes": 512 << 30,
        "unknown": None,
    }


def test_interfaces() -> None:
    (card, loopback) = document(frame_with(), "interfaces")["interfaces"]
    assert card == {
        "name": "enp3s0",
        "state": "up",
        "speed_bits_per_s": 10_000_000_000,
        "in_bytes_per_s": 1 << 20,
        "out_bytes_per_s": 1024,
        "in_packets_per_s": 1000.0,
        "out_packets_per_s": 5.0,
        "in_errors_per_s": 2.0,
        "out_errors_per_s": 0.0,
        "in_drops_per_s": 0.0,
        "out_drops_per_s": 0.0,
        "unknown": None,
    }
    assert loopback["speed_bits_per_s"] is None


def test_file_systems() -> None:
    root, _, backup = document(frame_with(), "filesystems")["filesystems"]
    assert root == {
        "mount_point": "/",
        "type": "ext4",
        "source": "/dev/nvme0n1p2",
        "mode": "rw",
        "size_bytes": 100 << 30,
        "used_bytes": 91 << 30,
        "free_bytes": 4 << 30,
        "used_pct": 95.79,
        "inodes": 6_553_600,
        "inodes_pct": 8.45,
        "unknown": None,
    }
    assert backup["size_bytes"] is None
    assert backup["unknown"] == "no answer for 30 s"


@pytest.mark.parametrize("name", ["disks", "interfaces", "filesystems"])
def test_lists_that_were_not_read_are_empty(name: str) -> None:
    assert document(at(WEB), name)[name] == []


def test_a_recording_has_them_too(tmp_path: Path) -> None:
    cgroups = CgroupSample(
        {"/a": CgroupFigures(1.0, {"tasks_limit": NO_LIMIT}, {"tasks": "off"})},
        ("cgroups: 1 of 2 not read",),
    )
    host = with_lists(make_host(), second_lists())
    sample = make_sample([{"pid": 1}], host=host, cgroups=cgroups)
    write(tmp_path / "it", frames_of([sample]))
    (found,) = samples_of(read(tmp_path / "it"))
    assert differences(found, sample) == []
    assert found.cgroups == cgroups
    assert (found.host.lists.filesystems or {}).keys() == {
        "/", "/boot/efi", "/srv/backup",
    }  # fmt: skip
