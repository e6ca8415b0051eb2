"""Disks and interfaces one by one: made-up files, and this machine's own tools."""

import json
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from montauk_tui.collectors.procfs.device_lists import MOST_DEVICES, DeviceListReader
from montauk_tui.collectors.procfs.figures import Reasons
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.model.devices import DISKS, INTERFACES, NO_LISTS, DeviceLists, Listed
from montauk_tui.model.schema import Need
from tests.collectors.test_devices import HEAD, interface, net_dev
from tests.support.fakeproc import FakeProc

SDA = "   8  0 sda 10 1 80 30 20 2 160 90 3 500 120 0 0 0 0 0 0\n"


class Machine:
    """A folder with made-up files of /proc and /sys."""

    def __init__(self, folder: Path) -> None:
        self.proc, self.sys = FakeProc(folder), folder / "sys"
        self.reasons = Reasons()
        self.reader = DeviceListReader(self._read, str(self.sys))
        self.opened: list[str] = []

    def _read(self, name: str) -> bytes:
        self.opened.append(name)
        return (self.proc.path / name).read_bytes()

    def disk(self, name: str, sectors: int | None = 2048) -> None:
        folder = self.sys / "block" / name
        folder.mkdir(parents=True)
        if sectors is not None:
            (folder / "size").write_text(f"{sectors}\n")

    def read(self, needs: Need) -> DeviceLists:
        return self.reader.read(needs, self.reasons)

    def disks(self, text: str) -> dict[str, Listed]:
        self.proc.write("diskstats", text.encode())
        return dict(self.read(DISKS).disks or {})

    def interfaces(self, text: bytes) -> dict[str, Listed]:
        (self.proc.path / "net").mkdir(exist_ok=True)
        self.proc.write("net/dev", text)
        return dict(self.read(INTERFACES).interfaces or {})


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_nothing_is_read_that_is_not_needed(machine: Machine) -> None:
    assert machine.read(Need.DISK) is NO_LISTS
    assert machine.opened == []
    machine.disks(SDA)
    assert machine.opened == ["diskstats"]


# --- disks ----------------------------------------------------------------------------


def test_a_disk(machine: Machine) -> None:
    machine.disk("sda")
    (one,) = machine.disks(SDA).items()
    assert one == (
        "sda",
        Listed(
            {
                "reads": 10, "read_sectors": 80, "read_ms": 30, "writes": 20,
                "write_sectors": 160, "write_ms": 90, "busy_ms": 500,
                "queued_ms": 120, "size_bytes": 1 << 20,
            }
        ),
    )  # fmt: skip


def test_layers_are_listed_and_partitions_and_unused_loops_are_not(
    machine: Machine,
) -> None:
    for name in ("sda", "dm-0", "md127", "loop0", "loop1", "cciss!c0d0", "sr0"):
        machine.disk(name)
    names = ["sda", "sda1", "dm-0", "md127", "loop0", "cciss/c0d0"]
    text = "".join(SDA.replace("sda", name) for name in names)
    unused = SDA.replace("sda", "{}").replace(" 10 1", " 0 1").replace(" 20 2", " 0 2")
    text += unused.format("loop1") + unused.format("sr0")
    expected = ["sda", "dm-0", "md127", "loop0", "cciss/c0d0"]
    assert [*machine.disks(text)] == expected


def test_a_disk_of_unknown_size_and_a_cut_line(machine: Machine) -> None:
    machine.disk("sda", sectors=None)
    (one,) = machine.disks("8 0 sda 10 1 80 30 20 2 x 90 3").values()
    assert math.isnan(one.values["size_bytes"])
    assert one.values["reads"] == 10
    assert "write_sectors" not in one.values
    assert one.why == "its line is cut or odd"


def test_a_name_of_a_removed_disk_is_looked_at_again(machine: Machine) -> None:
    machine.disk("sda")
    assert machine.disks(SDA)["sda"].values["size_bytes"] == 1 << 20
    assert not machine.disks("")
    (machine.sys / "block/sda/size").write_text("4096\n")
    assert machine.disks(SDA)["sda"].values["size_bytes"] == 2 << 20


def test_of_too_many_disks_the_first_are_listed_and_it_is_said(
    machine: Machine,
) -> None:
    text = "".join(SDA.replace("sda", f"d{number}") for number in range(600))
    for number in range(600):
        machine.disk(f"d{number}")
    assert len(machine.disks(text)) == MOST_DEVICES
    assert machine.reasons.lines == ["diskstats: 88 of 600 lines are not listed"]


@pytest.mark.parametrize("text", ["", "\n", "8 0\n", "garbage", "8 0 sda\n"])
def test_odd_text_of_disks(machine: Machine, text: str) -> None:
    machine.disk("sda")
    found = machine.disks(text)
    assert all(one.values.keys() == {"size_bytes"} for one in found.values())


def test_a_file_that_is_not_there_is_said(machine: Machine) -> None:
    lists = machine.read(DISKS | INTERFACES)
    assert lists.disks == lists.interfaces == {}
    assert machine.reasons.lines == [
        "diskstats: No such file or directory",
        "net/dev: No such file or directory",
    ]


# --- interfaces -----------------------------------------------------------------------


def test_an_interface(machine: Machine) -> None:
    interface(machine.sys, "eth0")
    folder = machine.sys / "class/net/eth0"
    (folder / "operstate").write_text("up\n")
    (folder / "speed").write_text("2500\n")
    found = machine.interfaces(HEAD + b"eth0: 1 2 3 4 5 6 7 8 9 10 11 12 0 0 0 0\n")
    assert found == {
        "eth0": Listed(
            {
                "in_bytes": 1, "in_packets": 2, "in_errors": 3, "in_drops": 4,
                "out_bytes": 9, "out_packets": 10, "out_errors": 11, "out_drops": 12,
                "speed_bits": 2.5e9,
            },
            {"net_state": "up"},
        )
    }  # fmt: skip


@pytest.mark.parametrize("speed", ["-1", "", "fast"])
def test_a_speed_that_is_unknown(machine: Machine, speed: str) -> None:
    interface(machine.sys, "eth0")
    (machine.sys / "class/net/eth0/speed").write_text(speed)
    (one,) = machine.interfaces(net_dev("eth0")).values()
    assert math.isnan(one.values["speed_bits"])
    assert one.texts == {"net_state": ""}


def test_a_speed_that_cannot_be_read(machine: Machine) -> None:
    interface(machine.sys, "eth0", "speed")
    (one,) = machine.interfaces(net_dev("eth0")).values()
    assert math.isnan(one.values["speed_bits"])


def test_every_interface_is_listed_with_hostile_names_written_out(
    machine: Machine,
) -> None:
    found = machine.interfaces(net_dev("lo", "eth0", "\x1b[2J", "eth0:1", "a\0b"))
    assert [*found] == ["lo", "eth0", r"\x1b[2J", "eth0:1", r"a\x00b"]


@pytest.mark.parametrize("numbers", [b"1 2", b"", b"-1 " * 16, b"9" * 30 + b" 1" * 15])
def test_an_odd_line_of_an_interface(machine: Machine, numbers: bytes) -> None:
    (one,) = machine.interfaces(HEAD + b"eth0: " + numbers + b"\n").values()
    assert one.why == "its line is cut or odd"


def test_odd_text_of_interfaces(machine: Machine) -> None:
    for text in (b"", b"\n", b"one line", HEAD, HEAD + b"no colon\n"):
        assert machine.interfaces(text) == {}


def test_of_too_many_interfaces_the_first_are_listed(machine: Machine) -> None:
    found = machine.interfaces(net_dev(*(f"v{number}" for number in range(5_000))))
    assert len(found) == MOST_DEVICES
    assert machine.reasons.lines == ["net/dev: 4488 of 5000 lines are not listed"]


# --- this machine ---------------------------------------------------------------------


def live() -> DeviceLists:
    reader = DeviceListReader(ProcRoot("/proc").read_lists)
    return reader.read(DISKS | INTERFACES, Reasons())


def output(*command: str) -> Any:
    path = shutil.which(command[0])
    if path is None:
        pytest.skip(f"needs {command[0]}")
    done = subprocess.run([path, *command[1:]], capture_output=True, check=True)
    return json.loads(done.stdout)


def test_the_counters_are_those_of_iostat() -> None:
    before = live().disks or {}
    report = output("iostat", "-d", "-k", "-o", "JSON")
    after = live().disks or {}
    rows = report["sysstat"]["hosts"][0]["statistics"][0]["disk"]
    compared = 0
    for row in rows:
        name = row["disk_device"]
        if name not in before or name not in after:
            continue
        for theirs, ours in (("kB_read", "read_sectors"), ("kB_wrtn", "write_sectors")):
            low, high = (it[name].values[ours] // 2 for it in (before, after))
            assert low <= row[theirs] <= high
        compared += 1
    if not compared:
        pytest.skip("iostat lists no disk here")


def test_the_counters_are_those_of_ip() -> None:
    before = live().interfaces or {}
    links = output("ip", "-s", "-j", "link")
    after = live().interfaces or {}
    fields = {"bytes": "bytes", "packets": "packets", "errors": "errors"}
    for link in links:
        name, stats = link["ifname"], link["stats64"]
        for way, theirs in (("in", "rx"), ("out", "tx")):
            for what, field in fields.items():
                low, high = (it[name].values[f"{way}_{what}"] for it in (before, after))
                assert low <= stats[theirs][field] <= high
        assert after[name].texts["net_state"].upper() == link["operstate"]
