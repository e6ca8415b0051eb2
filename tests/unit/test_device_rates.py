"""What devices do, from two readings."""

import math
from dataclasses import replace

import pytest

from montauk_tui.engine.interval.device_rates import list_rates
from montauk_tui.model.devices import NO_LISTS, DeviceLists, Listed
from tests.support.device_lists import GIB, first_lists, second_lists


def test_a_disk() -> None:
    rates = list_rates(first_lists(), second_lists())["disks"]
    assert rates["nvme0n1"] == pytest.approx(
        {
            "disk_read_rate": 8_192 * 512 / 2,
            "disk_write_rate": 102_400 * 512 / 2,
            "disk_reads": 100.0,
            "disk_writes": 50.0,
            "disk_busy_pct": 75.0,
            "disk_await_s": 500 / 300 / 1000,
            "disk_queue": 1.5,
            "disk_size_bytes": 512 * GIB,
        }
    )
    idle = rates["sda"]
    assert idle["disk_busy_pct"] == idle["disk_reads"] == idle["disk_queue"] == 0.0
    assert math.isnan(idle["disk_await_s"]), "no request, no time"


def test_a_disk_is_never_busy_for_more_than_all_of_the_time() -> None:
    rates = list_rates(first_lists(), second_lists(1.0))["disks"]
    assert rates["nvme0n1"]["disk_busy_pct"] == 100.0


def test_an_interface() -> None:
    rates = list_rates(first_lists(), second_lists())["interfaces"]
    assert rates["enp3s0"] == {
        "net_in_rate": 1_048_576.0,
        "net_out_rate": 1_024.0,
        "net_speed": 1e10,
        "net_in_packets": 1_000.0,
        "net_in_errors": 2.0,
        "net_in_drops": 0.0,
        "net_out_packets": 5.0,
        "net_out_errors": 0.0,
        "net_out_drops": 0.0,
    }
    assert math.isnan(rates["lo"]["net_speed"])


def test_a_file_system_needs_one_reading() -> None:
    for previous in (None, first_lists()):
        rates = list_rates(previous, first_lists(11.0))["filesystems"]
        root = rates["/"]
        assert root["fs_used_pct"] == pytest.approx(91 / 95 * 100)
        assert root["fs_inodes_pct"] == pytest.approx(553_600 / 6_553_600 * 100)
        assert root["fs_size_bytes"] == 100 * GIB
        assert math.isnan(rates["/boot/efi"]["fs_inodes_pct"]), "vfat has no inodes"
        assert all(map(math.isnan, rates["/srv/backup"].values()))


def test_the_first_reading_has_no_rates() -> None:
    rates = list_rates(None, first_lists())
    disk = dict(rates["disks"]["nvme0n1"])
    assert disk.pop("disk_size_bytes") == 512 * GIB
    assert all(map(math.isnan, disk.values()))
    card = dict(rates["interfaces"]["enp3s0"])
    assert card.pop("net_speed") == 1e10
    assert all(map(math.isnan, card.values()))


def test_a_device_with_the_name_of_another_has_no_rates() -> None:
    rates = list_rates(second_lists(), first_lists(20.0))
    assert math.isnan(rates["disks"]["nvme0n1"]["disk_reads"])
    assert rates["disks"]["sda"]["disk_reads"] == 0.0


def test_two_readings_at_one_moment_have_no_rates() -> None:
    rates = list_rates(first_lists(), first_lists())
    assert math.isnan(rates["disks"]["nvme0n1"]["disk_reads"])


def test_what_was_not_read_is_not_listed() -> None:
    assert list_rates(first_lists(), NO_LISTS) == {}
    only = replace(first_lists(), interfaces=None, filesystems=None)
    assert [*list_rates(NO_LISTS, only)] == ["disks"]


def test_a_number_that_is_missing_makes_only_its_own_values_unknown() -> None:
    before = DeviceLists(1.0, {"sda": Listed({"reads": 1.0})})
    now = DeviceLists(2.0, {"sda": Listed({"reads": 3.0, "writes": 4.0})})
    disk = list_rates(before, now)["disks"]["sda"]
    assert disk["disk_reads"] == 2.0
    assert math.isnan(disk["disk_writes"])
    assert math.isnan(disk["disk_busy_pct"])
