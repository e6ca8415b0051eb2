"""What the kernel counts for cgroups: made-up trees of either version."""

import errno
import os
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from montauk_tui.collectors.procfs.cgroup_reader import MOST_CGROUPS, read_cgroups
from montauk_tui.model.cgroups import (
    CPU,
    FIGURES,
    IO,
    MEMORY,
    NEEDS,
    NO_CGROUPS,
    NO_LIMIT,
    PRESSURE,
    TASKS,
    CgroupFigures,
)
from montauk_tui.model.schema import Need

WEB = "/system.slice/web.service"

PSI = "some avg10={} avg60=0.80 avg300=0.20 total=1\nfull avg10=9.00 avg60=0 total=1\n"

V2 = {
    "memory.current": "104857600\n",
    "memory.max": "209715200\n",
    "cpu.stat": "usage_usec 2500000\nuser_usec 1\nsystem_usec 1\nnr_periods 40\n"
    "nr_throttled 10\nthrottled_usec 300000\nnr_bursts 0\n",
    "cpu.max": "150000 100000\n",
    "cpu.pressure": PSI.format("12.50"),
    "memory.pressure": PSI.format("0.25"),
    "io.pressure": PSI.format("3.00"),
    "io.stat": "8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=7 dios=0\n"
    "8:16 rbytes=100 wbytes=200 rios=1 wios=1 dbytes=0 dios=0\n",
    "pids.current": "12\n",
    "pids.max": "max\n",
}

V1 = {
    "memory/memory.usage_in_bytes": "104857600\n",
    "memory/memory.limit_in_bytes": "209715200\n",
    "cpuacct/cpuacct.usage": "2500000000\n",
    "cpu/cpu.stat": "nr_periods 40\nnr_throttled 10\nthrottled_time 300000000\n",
    "cpu/cpu.cfs_quota_us": "150000\n",
    "cpu/cpu.cfs_period_us": "100000\n",
    "blkio/blkio.throttle.io_service_bytes_recursive": "8:0 Read 4096\n8:0 Write 8192\n"
    "8:0 Sync 1\n8:16 Read 100\n8:16 Write 200\nTotal 12588\n",
    "pids/pids.current": "12\n",
    "pids/pids.max": "max\n",
}

EXPECTED = {
    "memory_bytes": 104857600.0,
    "memory_limit_bytes": 209715200.0,
    "cpu_s": 2.5,
    "quota_us": 150000.0,
    "period_us": 100000.0,
    "periods": 40.0,
    "throttled": 10.0,
    "throttled_s": pytest.approx(0.3),
    "read_bytes": 4196.0,
    "write_bytes": 8392.0,
    "tasks": 12.0,
    "tasks_limit": NO_LIMIT,
}
WAITED = {
    "cpu_pressure_pct": 12.5,
    "memory_pressure_pct": 0.25,
    "io_pressure_pct": 3.0,
}


def v2(mount: Path, files: Mapping[str, str] = V2, path: str = WEB) -> Path:
    """Make a cgroup of version 2."""
    (mount / "cgroup.controllers").touch()
    folder = mount / path.lstrip("/")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def v1(mount: Path, files: Mapping[str, str] = V1, path: str = WEB) -> None:
    """Make a cgroup in each tree of version 1."""
    for name, text in files.items():
        controller, _, file = name.partition("/")
        (mount / controller).mkdir(exist_ok=True)
        (mount / controller / "cgroup.procs").touch()
        folder = mount / controller / path.lstrip("/")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)


def of(mount: Path, needs: Need = NEEDS, path: str = WEB) -> CgroupFigures:
    return read_cgroups([path], needs, str(mount)).figures[path]


def test_version_2(tmp_path: Path) -> None:
    v2(tmp_path)
    found = of(tmp_path)
    assert found.values == {**EXPECTED, **WAITED}
    assert not found.why


def test_version_1_has_no_pressure(tmp_path: Path) -> None:
    v1(tmp_path)
    found = of(tmp_path)
    assert found.values == EXPECTED
    assert found.why == dict.fromkeys(WAITED, "this controller is not mounted")


@pytest.mark.parametrize(
    ("of_root", "expected"),
    [("8:0 Read 4096\n8:0 Write 0\nTotal 4096\n", 0.0), ("Total 0\n", None)],
)
def test_in_version_1_no_lines_are_nothing_only_where_devices_are_counted(
    tmp_path: Path, of_root: str, expected: float | None
) -> None:
    name = "blkio/blkio.throttle.io_service_bytes_recursive"
    v1(tmp_path, {**V1, name: "Total 0\n"})
    (tmp_path / name).write_text(of_root)
    found = of(tmp_path)
    for figure in ("read_bytes", "write_bytes"):
        assert found.values.get(figure) == expected
        reason = "the kernel counts I/O only where a device has a limit"
        assert found.why.get(figure) == (reason if expected is None else None)


def test_both_at_once_as_systemd_mounts_them(tmp_path: Path) -> None:
    v1(tmp_path)
    pressure = {name: text for name, text in V2.items() if name.endswith(".pressure")}
    (tmp_path / "unified").mkdir()
    v2(tmp_path / "unified", {**pressure, "cpu.stat": "usage_usec 1\n"})
    assert of(tmp_path).values == {**EXPECTED, **WAITED}


@pytest.mark.parametrize(
    ("text", "limit"),
    [("-1", NO_LIMIT), ("9223372036854771712", NO_LIMIT), ("4096", 4096.0)],
)
def test_version_1_has_no_word_for_no_limit(
    tmp_path: Path, text: str, limit: float
) -> None:
    name = "cpu/cpu.cfs_quota_us" if text == "-1" else "memory/memory.limit_in_bytes"
    v1(tmp_path, {name: f"{text}\n"})
    figure = "quota_us" if text == "-1" else "memory_limit_bytes"
    assert of(tmp_path).values[figure] == limit


def test_each_need_reads_its_files_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    v2(tmp_path)
    opened: list[str] = []
    real = os.open

    def counting(path: str, flags: int) -> int:
        opened.append(path.removeprefix(str(tmp_path)))
        return real(path, flags)

    monkeypatch.setattr(os, "open", counting)
    for needs, count in ((MEMORY, 2), (CPU, 2), (PRESSURE, 3), (IO, 1), (TASKS, 2)):
        opened.clear()
        found = of(tmp_path, needs)
        # The root and the slice above it are rows of the tree.
        assert len([name for name in opened if WEB in name]) == count
        assert len(opened) == 3 * count
        wanted = {name for name, figure in FIGURES.items() if figure.need == needs}
        assert found.values.keys() == wanted
    opened.clear()
    assert read_cgroups([WEB], Need.CMDLINE, str(tmp_path)) is NO_CGROUPS
    assert not opened


def test_of_many_cgroups_those_near_the_root_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    v2(tmp_path)
    monkeypatch.setattr(time, "thread_time", lambda: 0.0)
    many = [f"/user.slice/user-7.slice/{number}" for number in range(2_000)]
    sample = read_cgroups([*many, WEB], TASKS, str(tmp_path))
    assert len(sample.figures) == MOST_CGROUPS
    assert {"/", "/system.slice", WEB, "/user.slice"} <= sample.figures.keys()
    assert sample.unknown == (
        "cgroups: 1749 of 2005 not read: at most 256 in 0.1 s a refresh",
    )


def test_a_deep_cgroup_costs_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    v2(tmp_path)
    monkeypatch.setattr(time, "thread_time", lambda: 0.0)
    deep = [f"/{number}" + "/deep" * 900 for number in range(40)]
    sample = read_cgroups([*deep, WEB], TASKS, str(tmp_path))
    assert len(sample.figures) == MOST_CGROUPS
    assert WEB in sample.figures


def test_a_slow_kernel_is_given_a_limited_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    v2(tmp_path)
    now_s = iter(range(1_000))
    monkeypatch.setattr(time, "thread_time", lambda: next(now_s) * 0.04)
    sample = read_cgroups([f"/{n}" for n in range(50)], TASKS, str(tmp_path))
    assert len(sample.figures) == 2
    assert sample.unknown[0].startswith("cgroups: 49 of 51 not read")


@pytest.mark.parametrize(
    ("files", "name", "reason"),
    [
        ({}, "memory_bytes", "this controller is not on for this cgroup"),
        ({"cpu.stat": "usage_usec 1\n"}, "periods",
         "this controller is not on for this cgroup"),
        ({"memory.current": "many\n"}, "memory_bytes",
         "memory.current is not as expected"),
        ({"memory.current": "9" * 50}, "memory_bytes",
         "memory.current is not as expected"),
        ({"cpu.max": "max\n"}, "quota_us", "cpu.max is not as expected"),
        ({"cpu.pressure": ""}, "cpu_pressure_pct", "cpu.pressure is not as expected"),
        ({"cpu.pressure": "full avg10=1\n"}, "cpu_pressure_pct",
         "cpu.pressure is not as expected"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_has_a_reason(
    tmp_path: Path, files: dict[str, str], name: str, reason: str
) -> None:
    v2(tmp_path, files)
    found = of(tmp_path)
    assert name not in found.values
    assert found.why[name] == reason


def test_the_root_and_a_removed_cgroup_have_reasons_too(tmp_path: Path) -> None:
    v2(tmp_path)
    (tmp_path / "cpu.stat").write_text("usage_usec 1000000\n")
    root = of(tmp_path, path="/")
    assert root.values == {"cpu_s": 1.0}
    assert {*root.why.values()} == {"the root cgroup has none"}
    gone = of(tmp_path, path="/gone")
    assert {*gone.why.values()} == {"this controller has no such cgroup"}
    assert gone.why.keys() == FIGURES.keys()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errno.EOPNOTSUPP, "the kernel keeps no pressure (psi=0)"),
        (errno.EACCES, "Permission denied"),
    ],
)
def test_why_the_kernel_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int, reason: str
) -> None:
    v2(tmp_path)

    def refuse(_path: str, _flags: int) -> int:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "open", refuse)
    assert {*of(tmp_path, PRESSURE).why.values()} == {reason}


def test_no_other_folder_is_read(tmp_path: Path) -> None:
    v2(tmp_path)
    odd = ["", "relative", "/../etc", "/a/../../b", "cgroup 12"]
    assert not read_cgroups(odd, NEEDS, str(tmp_path)).figures


def test_a_machine_without_cgroups(tmp_path: Path) -> None:
    assert {*of(tmp_path).why.values()} == {"this controller is not mounted"}
