"""Disks, interfaces and file systems as rows."""

from dataclasses import replace

import numpy as np
import pytest

from montauk_tui.engine.columns.cells import Level, command_text
from montauk_tui.engine.columns.extra_cells import pid_text
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.projection import View, project
from montauk_tui.engine.query import parse
from montauk_tui.engine.rows.devices import devices
from montauk_tui.engine.rows.exited import are_new_rows
from montauk_tui.engine.rows.notes import note
from montauk_tui.engine.summary.subject import summarize
from montauk_tui.engine.units import amount_text
from montauk_tui.model.devices import NO_LISTS, DeviceLists, Listed
from montauk_tui.model.frame import Frame
from tests.support.builders import make_frame, make_host, make_sample
from tests.support.device_lists import first_lists, second_lists, with_lists


def frame_with(
    first: DeviceLists | None = None, second: DeviceLists | None = None
) -> Frame:
    """Return the second frame of a machine with devices."""
    lists = (first or first_lists(), second or second_lists())
    before, now = (
        make_sample([{"pid": 1}], after_s=at, host=with_lists(make_host(), it))
        for at, it in enumerate(lists)
    )
    return make_frame(before, now)


def cells(kind: str, *columns: str) -> dict[str, tuple[str, ...]]:
    """Return the cells of some columns by the name of the device."""
    listed = devices(frame_with(), kind)
    return {
        command_text(listed, row): tuple(
            COLUMNS[it].text(listed, row) for it in columns
        )
        for row in range(len(listed.sample.processes))
    }


def test_disks() -> None:
    columns = ("disk_busy_pct", "disk_reads", "disk_write_rate", "disk_await_s",
               "disk_queue", "disk_size_bytes")  # fmt: skip
    assert cells("disks", *columns) == {
        "nvme0n1": ("75.0", "100", "25M/s", "1.7ms", "1.50", "512G"),
        "sda": ("0.0", "0.0", "0", "-", "0.00", "0"),
    }


def test_interfaces() -> None:
    columns = ("net_in_rate", "net_in_errors", "net_speed", "net_state")
    assert cells("interfaces", *columns) == {
        "enp3s0": ("1.0M/s", "2.0", "10G", "up"),
        "lo": ("0", "0.0", "-", "unknown"),
    }


def test_file_systems() -> None:
    columns = ("fs_size_bytes", "fs_used_pct", "fs_inodes", "fs_type", "fs_source")
    assert cells("filesystems", *columns) == {
        "/": ("100G", "95.8", "6.55M", "ext4", "/dev/nvme0n1p2"),
        "/boot/efi": ("512M", "1.1", "-", "vfat", "/dev/nvme0n1p1"),
        "/srv/backup": ("-", "-", "-", "nfs4", "store:/backup"),
    }


def row_of(listed: Frame, name: str) -> int:
    """Return the row of a device."""
    count = len(listed.sample.processes)
    return [command_text(listed, row) for row in range(count)].index(name)


def test_a_row_says_why_it_has_no_values() -> None:
    listed = devices(frame_with(), "filesystems")
    assert (
        note(listed, row_of(listed, "/srv/backup")).behind == "- (no answer for 30 s)"
    )
    assert note(listed, row_of(listed, "/")).behind == ""


def test_they_sort_by_numbers_and_texts_and_filter() -> None:
    listed = devices(frame_with(), "filesystems")

    def shown(sort: str, text: str = "") -> list[str]:
        view = View(COLUMNS[sort], descending=False, query=parse(text))
        rows = project(listed, view).rows.tolist()
        return [command_text(listed, row) for row in rows]

    assert shown("fs_used_pct") == ["/boot/efi", "/", "/srv/backup"]
    assert shown("fs_type") == ["/", "/srv/backup", "/boot/efi"]
    assert shown("fs_type", "fs_used_pct > 90") == ["/"]
    assert shown("fs_type", "type = nfs4 or boot") == ["/srv/backup", "/boot/efi"]
    assert shown("fs_type", "size > 1g") == ["/"]


def test_a_device_is_no_process_and_has_a_number_that_lasts() -> None:
    first, second = (devices(frame_with(), "disks") for _ in range(2))
    assert (first.sample.processes.pid == second.sample.processes.pid).all()
    assert (first.sample.processes.pid < 0).all()
    assert not are_new_rows(first, np.arange(2), 5.0).any()
    assert pid_text(first, 0) == "-"


def test_a_long_name_and_one_with_escapes_are_shown_whole() -> None:
    path = "/srv/" + "x" * 300 + r"\x1b[2J"
    lists = replace(first_lists(), filesystems={path: Listed({}, why="odd")})
    listed = devices(frame_with(lists, lists), "filesystems")
    assert command_text(listed, 0) == path
    table = listed.sample.processes
    found = listed.lookups.command(table.identity(0), table.comm[0])
    assert (found.name_start, found.name_end) == (0, len(path))
    whole = listed.whole
    assert whole is not None
    of_process = whole.sample.processes
    assert listed.lookups.command(of_process.identity(0), b"x").text


@pytest.mark.parametrize("kind", ["disks", "interfaces", "filesystems"])
def test_without_a_reading_there_are_no_rows(kind: str) -> None:
    assert not len(devices(frame_with(NO_LISTS, NO_LISTS), kind).sample.processes)
    listed = devices(frame_with(NO_LISTS, first_lists()), kind)
    assert len(listed.sample.processes) >= 2


def test_a_column_of_devices_is_unknown_elsewhere() -> None:
    frame = frame_with()
    assert COLUMNS["fs_type"].text(frame, 0) == "-"
    assert np.isnan(COLUMNS["fs_type"].key(frame)).all()
    assert COLUMNS["disk_busy_pct"].text(frame, 0) == "-"


def test_cells_are_made_again_when_their_text_changes() -> None:
    listed = devices(frame_with(), "filesystems")
    inputs = COLUMNS["fs_type"].inputs
    assert inputs is not None
    rows = np.array([row_of(listed, "/"), row_of(listed, "/boot/efi")])
    found = inputs(listed, rows)
    assert found is not None
    assert [*found] == ["ext4", "vfat"]


def test_the_panel_has_everything_that_is_known() -> None:
    listed = devices(frame_with(), "filesystems")
    summary = summarize(listed, row_of(listed, "/"), machine_scale=False)
    (facts,) = summary.groups
    assert summary.name == "/"
    assert [(it.label, it.text) for it in facts] == [
        ("SIZE", "100G"), ("INUSE", "91G"), ("AVAIL", "4.0G"), ("FULL%", "95.8"),
        ("INODES", "6.55M"), ("INODE%", "8.4"), ("TYPE", "ext4"), ("MODE", "rw"),
        ("SOURCE", "/dev/nvme0n1p2"),
    ]  # fmt: skip
    silent = summarize(listed, row_of(listed, "/srv/backup"), machine_scale=False)
    assert silent.groups[1][0].text == "no answer for 30 s"
    assert getattr(silent.groups[1][0], "level", None) is Level.WARM


def test_levels_are_those_of_what_runs_out() -> None:
    listed = devices(frame_with(), "filesystems")
    level = COLUMNS["fs_used_pct"].level
    assert level(listed, row_of(listed, "/")) is Level.HOT
    assert COLUMNS["fs_type"].level(listed, 0) is Level.FAINT
    busy = devices(frame_with(second=second_lists(1.7)), "disks")
    level = COLUMNS["disk_busy_pct"].level
    assert level(busy, row_of(busy, "nvme0n1")) is Level.WARM
    assert level(busy, row_of(busy, "sda")) is Level.FAINT


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (float("nan"), "-"), (0, "0"), (999, "999"), (1_000, "1k"), (65_536, "65.5k"),
        (655_360, "655k"), (6_553_600, "6.55M"), (2.5e9, "2.5G"), (2e11, "200G"),
        (1e19, "10E"),
    ],
)  # fmt: skip
def test_large_counts(count: float, text: str) -> None:
    assert amount_text(count) == text
