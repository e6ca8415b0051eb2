"""The readers of interfaces, disks, temperatures and clocks, on made-up files."""

import math
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.collectors.procfs.collector import TraditionalCollector
from montauk_tui.collectors.procfs.disk import Disks
from montauk_tui.collectors.procfs.figures import Reasons
from montauk_tui.collectors.procfs.host import HostReader
from montauk_tui.collectors.procfs.network import Interfaces, parse_network
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.collectors.procfs.sensors import Clocks, Thermometers
from montauk_tui.model.devices import Disk, Frequency, Interface
from montauk_tui.model.sample import HostSample
from montauk_tui.model.schema import Need
from tests.support.fakeproc import FakeProc

HEAD = b"Inter-|   Receive\n face |bytes\n"

DEVICES = Need.NETWORK | Need.DISK | Need.TEMPERATURE | Need.FREQUENCY


def net_dev(*names: str, received: int = 100, sent: int = 7) -> bytes:
    numbers = f"{received} 1 0 0 0 0 0 0 {sent} 1 0 0 0 0 0 0"
    return HEAD + b"".join(f"{name:>6}: {numbers}\n".encode() for name in names)


def diskstats(
    *names: str, read: int = 8, written: int = 2, busy_ms: int = 250
) -> bytes:
    return b"".join(
        f"   8  0 {name} 1 0 {read} 3 1 0 {written} 3 0 {busy_ms} 9 0 0 0 0\n".encode()
        for name in names
    )


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def interface(sys: Path, name: str, *entries: str, master: str = "") -> None:
    """Make a folder of /sys/class/net with some entries in it."""
    folder = sys / "class/net" / name
    folder.mkdir(parents=True)
    for entry in entries:
        (folder / entry).mkdir()
    if master:
        (folder / "master").symlink_to(f"../{master}")


def names(interfaces: tuple[Interface, ...] | None) -> list[str]:
    return [one.name for one in interfaces or ()]


# --- network --------------------------------------------------------------------------


def test_bytes_received_and_sent_without_the_loopback() -> None:
    text = net_dev("lo", "eth0", received=12, sent=34)
    assert parse_network(text, Reasons()) == {b"eth0": (12, 34)}
    # Old kernels left no space behind the colon, and an alias has one in its name.
    packed = HEAD + b"eth0:1:5 0 0 0 0 0 0 0 6 0 0 0 0 0 0 0\n"
    assert parse_network(packed, Reasons()) == {b"eth0:1": (5, 6)}


def test_where_there_is_hardware_only_that_counts(tmp_path: Path) -> None:
    interface(tmp_path, "eth0", "device", master="bond0")
    interface(tmp_path, "eth1", "device", master="bond0")
    interface(tmp_path, "bond0", "lower_eth0", "lower_eth1")
    interface(tmp_path, "docker0", "bridge", "lower_veth1")
    interface(tmp_path, "veth1", master="docker0")
    interface(tmp_path, "wg0")
    text = net_dev("lo", "eth0", "eth1", "bond0", "docker0", "veth1", "wg0")
    assert names(Interfaces(str(tmp_path)).select(text, Reasons())) == ["eth0", "eth1"]


def test_a_virtual_function_is_counted_by_what_stands_before_it(tmp_path: Path) -> None:
    interface(tmp_path, "eth0", "device")
    interface(tmp_path, "enP1s1", "device", master="eth0")
    text = net_dev("eth0", "enP1s1")
    assert names(Interfaces(str(tmp_path)).select(text, Reasons())) == ["eth0"]


def test_in_a_container_what_nothing_is_built_on_counts(tmp_path: Path) -> None:
    interface(tmp_path, "eth0")
    interface(tmp_path, "br0", "bridge")
    interface(tmp_path, "veth7", master="br0")
    interface(tmp_path, "vlan5", "lower_eth0")
    text = net_dev("lo", "eth0", "br0", "veth7", "vlan5")
    assert names(Interfaces(str(tmp_path)).select(text, Reasons())) == ["eth0"]


def test_an_interface_that_comes_is_looked_at_and_one_that_goes_forgotten(
    tmp_path: Path,
) -> None:
    interface(tmp_path, "eth0", "device")
    counted = Interfaces(str(tmp_path))
    assert names(counted.select(net_dev("eth0"), Reasons())) == ["eth0"]
    interface(tmp_path, "usb0", "device")
    assert names(counted.select(net_dev("eth0", "usb0"), Reasons())) == ["eth0", "usb0"]
    (tmp_path / "class/net/eth0/device").rmdir()
    assert names(counted.select(net_dev("usb0"), Reasons())) == ["usb0"]
    assert names(counted.select(net_dev("eth0", "usb0"), Reasons())) == ["usb0"]


def test_a_hostile_name_is_written_out(tmp_path: Path) -> None:
    text = HEAD + b"\x1b[2J: 1 0 0 0 0 0 0 0 2 0 0 0 0 0 0 0\n"
    assert names(Interfaces(str(tmp_path)).select(text, Reasons())) == [r"\x1b[2J"]


# --- disks ----------------------------------------------------------------------------


def test_whole_disks_without_their_parts_and_what_is_made_of_them(
    tmp_path: Path,
) -> None:
    whole = ["sda", "nvme0n1", "mmcblk0", "vda", "xvda", "nbd0", "sr0", "cciss!c0d0"]
    layers = ["loop0", "ram1", "zram0", "dm-0", "md127", "bcache0", "nvme0c1n1", "zd16"]
    for name in (*whole, *layers):
        (tmp_path / "block" / name).mkdir(parents=True)
    parts = ["sda1", "nvme0n1p2", "mmcblk0p1", "cciss/c0d0p1"]
    listed = [name.replace("!", "/") for name in (*whole, *parts, *layers)]
    found = Disks(str(tmp_path)).select(diskstats(*listed), Reasons())
    assert [one.name for one in found] == [name.replace("!", "/") for name in whole]
    assert found[0] == Disk("sda", 8 * 512, 2 * 512, 0.25)


def test_lines_of_old_and_new_kernels(tmp_path: Path) -> None:
    (tmp_path / "block/sda").mkdir(parents=True)
    old = b" 8 0 sda 1 0 2 3 1 0 4 3 0 1000 9\n"
    new = old.rstrip() + b" 1 2 3 4 5 6 7\n"
    for text in (old, new):
        (found,) = Disks(str(tmp_path)).select(text, Reasons())
        assert found == Disk("sda", 1024, 2048, 1.0)


def test_a_disk_that_comes_is_looked_at_once(tmp_path: Path) -> None:
    disks = Disks(str(tmp_path))
    assert disks.select(diskstats("sda"), Reasons()) == ()
    (tmp_path / "block/sda").mkdir(parents=True)
    # Known to be no disk, until it was gone.
    assert disks.select(diskstats("sda"), Reasons()) == ()
    assert disks.select(b"", Reasons()) == ()
    assert len(disks.select(diskstats("sda"), Reasons())) == 1


# --- sensors --------------------------------------------------------------------------


def chip(sys: Path, number: int, name: str, **files: str) -> None:
    folder = sys / f"class/hwmon/hwmon{number}"
    write(folder / "name", f"{name}\n")
    for file, text in files.items():
        write(folder / file, f"{text}\n")


def test_the_sensors_of_the_cpus_and_no_others(tmp_path: Path) -> None:
    chip(tmp_path, 0, "nvme", temp1_input="38850")
    chip(
        tmp_path, 2, "coretemp",
        temp1_input="54000", temp1_label="Package id 0", temp1_crit="100000",
        temp2_input="51500", temp2_label="Core 0", fan1_input="900",
    )  # fmt: skip
    package, core = Thermometers(str(tmp_path)).read(Reasons())
    assert (package.label, package.celsius, package.critical) == (
        "Package id 0",
        54.0,
        100.0,
    )
    assert (core.label, core.celsius) == ("Core 0", 51.5)
    assert math.isnan(core.critical)


def test_thermal_zones_where_hwmon_knows_no_cpu(tmp_path: Path) -> None:
    for number, (kind, text) in enumerate(
        [("acpitz", "27800"), ("x86_pkg_temp", "61000"), ("iwlwifi_1", "40000")]
    ):
        write(tmp_path / f"class/thermal/thermal_zone{number}/type", kind)
        write(tmp_path / f"class/thermal/thermal_zone{number}/temp", text)
    (found,) = Thermometers(str(tmp_path)).read(Reasons())
    assert (found.label, found.celsius) == ("x86_pkg_temp", 61.0)


@pytest.mark.parametrize("text", ["", "x", "-273000", "300000", "1e3", "9" * 400])
def test_a_sensor_that_is_broken_or_gone_is_left_out(tmp_path: Path, text: str) -> None:
    chip(tmp_path, 0, "k10temp", temp1_input="40000", temp3_input="41000")
    thermometers = Thermometers(str(tmp_path))
    assert [one.celsius for one in thermometers.read(Reasons())] == [40.0, 41.0]
    write(tmp_path / "class/hwmon/hwmon0/temp1_input", text)
    assert [one.celsius for one in thermometers.read(Reasons())] == [41.0]
    (tmp_path / "class/hwmon/hwmon0/temp3_input").unlink()
    assert thermometers.read(Reasons()) == ()


def test_a_sensor_whose_driver_comes_later_is_found(tmp_path: Path) -> None:
    thermometers = Thermometers(str(tmp_path))
    assert thermometers.read(Reasons()) == ()
    chip(tmp_path, 0, "cpu_thermal", temp1_input="40000")
    readings = [thermometers.read(Reasons()) for _ in range(60)]
    assert readings[0] == ()
    assert readings[-1][0].label == "cpu_thermal"


def test_a_clock_for_each_policy(tmp_path: Path) -> None:
    for number, khz in ((0, "800000"), (10, "3000000"), (2, "?")):
        policy = tmp_path / f"devices/system/cpu/cpufreq/policy{number}"
        write(policy / "scaling_cur_freq", khz)
        write(policy / "cpuinfo_max_freq", "4800000")
    assert Clocks(str(tmp_path)).read(Reasons()) == (
        Frequency(800e6, 4800e6),
        Frequency(3000e6, 4800e6),
    )
    assert Clocks(str(tmp_path / "nothing")).read(Reasons()) == ()


# --- the host -------------------------------------------------------------------------


def test_what_nobody_needs_is_not_read(tmp_path: Path, monkeypatch: Any) -> None:
    proc = FakeProc(tmp_path)
    opened: list[str] = []
    real = os.open

    def counting(path: Any, *args: Any, **options: Any) -> int:
        opened.append(os.fspath(path))
        return real(path, *args, **options)

    with TraditionalCollector(proc.root) as collector:
        monkeypatch.setattr(os, "open", counting)
        host = collector.sample(Need.SHARED | Need.THREADS).host
        assert not {"net/dev", "diskstats"} & set(opened)
        assert not any("sys" in path.split("/") for path in opened)
        assert host.devices.interfaces is None
        assert host.devices.disks is None
        assert (host.temperatures, host.frequencies) == (None, None)
        collector.sample(Need.NETWORK)
        assert "net/dev" in opened
        assert "diskstats" not in opened


@pytest.mark.parametrize("damage", [None, b"\n\nx\n", b"8 0"])
def test_devices_that_cannot_be_read_are_unknown_and_no_failure(
    tmp_path: Path, damage: bytes | None
) -> None:
    host = read_devices(tmp_path, damage, damage)
    assert host.devices.interfaces is None
    assert host.devices.disks == (None if damage is None else ())
    assert (host.temperatures, host.frequencies) == ((), ())
    assert {reason.partition(":")[0] for reason in host.unknown} == {
        "net/dev",
        "diskstats",
    }


def read_devices(folder: Path, net: bytes | None, disks: bytes | None) -> HostSample:
    """Return the machine of a made-up /proc with these files."""
    proc = FakeProc(folder)
    (proc.path / "net").mkdir()
    for name, text in (("net/dev", net), ("diskstats", disks)):
        if text is not None:
            proc.write(name, text)
    root = ProcRoot(proc.root)
    reader = HostReader(root.read, root.read_lists, str(folder / "sys"))
    return reader.sample(DEVICES)


@pytest.mark.parametrize(
    "bad", [b"-1", b"x", b"18446744073709551617", b"9" * 400, b"\xff", b"1_0", b"+1"]
)
def test_one_bad_device_leaves_the_others(tmp_path: Path, bad: bytes) -> None:
    for name in ("sda", "sdb"):
        (tmp_path / "sys/block" / name).mkdir(parents=True)
    net = net_dev("eth0", "eth1").replace(b"eth0: 100 ", b"eth0: " + bad + b" ")
    disks = diskstats("sda", "sdb").replace(b"sda 1 0 8 ", b"sda 1 0 " + bad + b" ")
    host = read_devices(tmp_path, net, disks)
    first, second = host.devices.interfaces or ()
    assert (math.isnan(first.received_bytes), first.sent_bytes) == (True, 7)
    assert (second.received_bytes, second.sent_bytes) == (100, 7)
    one, other = host.devices.disks or ()
    assert (math.isnan(one.read_bytes), one.written_bytes) == (True, 1024)
    assert other == Disk("sdb", 4096, 1024, 0.25)
    assert [reason.split()[:3] for reason in host.unknown] == [
        ["net/dev:", "eth0", "received"],
        ["diskstats:", "sda", "read"],
    ]


def test_a_line_that_was_cut_is_not_half_a_number(tmp_path: Path) -> None:
    for name in ("sda", "sdb"):
        (tmp_path / "sys/block" / name).mkdir(parents=True)
    net, disks = net_dev("eth0", "eth1"), diskstats("sda", "sdb")
    cut = disks[: disks.rindex(b" 250") + 3]
    host = read_devices(tmp_path, net[:-2], cut)
    first, second = host.devices.interfaces or ()
    assert (first.received_bytes, math.isnan(second.received_bytes)) == (100, True)
    one, other = host.devices.disks or ()
    assert (one.busy_s, math.isnan(other.busy_s)) == (0.25, True)
    assert host.unknown == ("net/dev: eth1 is cut", "diskstats: sdb is cut")


@pytest.mark.parametrize("text", ["", "x", "-1", "0", "9" * 18, "1_000", "9" * 400])
def test_a_clock_that_cannot_be_is_left_out_and_said(tmp_path: Path, text: str) -> None:
    policy = tmp_path / "devices/system/cpu/cpufreq/policy0"
    write(policy / "scaling_cur_freq", text)
    write(policy / "cpuinfo_max_freq", text)
    reasons = Reasons()
    assert Clocks(str(tmp_path)).read(reasons) == ()
    assert reasons.lines == ["cpufreq: no CPU reports its frequency"]


def test_a_list_longer_than_one_read_is_read_to_its_end() -> None:
    # /proc/self/net/dev would do, but not every machine has 40 interfaces.
    root = ProcRoot()
    try:
        text = root.read_lists("kallsyms", 20_000)
    except OSError:
        pytest.skip("this kernel has no /proc/kallsyms")
    assert len(text) == 20_000


def test_the_machine_that_runs_this_has_plausible_devices() -> None:
    with TraditionalCollector() as collector:
        host = collector.sample(DEVICES).host
    assert host.devices.read_s > 0
    for one in host.devices.interfaces or ():
        assert one.name != "lo"
        assert min(one.received_bytes, one.sent_bytes) >= 0
    for disk in host.devices.disks or ():
        assert min(disk.read_bytes, disk.written_bytes, disk.busy_s) >= 0


WORDS = st.sampled_from(
    [b"eth0:", b"lo:", b"sda", b"\n", b" ", b"1", b"-1", b"9" * 30, b"x", b"\xff", b":"]
)


@given(st.lists(WORDS, max_size=60).map(b" ".join))
def test_garbage_gives_counts_or_nothing(text: bytes) -> None:
    numbers = [
        n for pair in (parse_network(text, Reasons()) or {}).values() for n in pair
    ]
    for disk in Disks("/nonexistent").select(text, Reasons()):
        numbers += [disk.read_bytes, disk.written_bytes, disk.busy_s]
    assert all(math.isnan(number) or 0 <= number < 2**74 for number in numbers)
