"""The same of a cgroup of this machine: equal to its own files and to systemd-cgtop."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from montauk_tui.collectors.procfs.cgroup_reader import read_cgroups
from montauk_tui.engine.interval.cgroup_rates import cgroup_rates
from montauk_tui.model.cgroups import NEEDS, CgroupSample
from tests.support.cgroups import OwnCgroup, cgroup_everywhere
from tests.support.patience import until

MIB = 1 << 20
_HOLDS = """
import sys, time
sys.stdin.readline()
held = bytearray(8 << 20)
time.sleep(3600)
"""

CGTOP: Final = shutil.which("systemd-cgtop")


@pytest.fixture
def own() -> Iterator[OwnCgroup]:
    """Return a cgroup with limits and two processes, of which one uses CPU."""
    if os.geteuid():
        pytest.skip("only root can make cgroups")
    with contextlib.ExitStack() as stack:
        try:
            cgroup = stack.enter_context(cgroup_everywhere())
        except OSError as error:
            pytest.skip(f"no cgroup can be made here: {error}")
        for code in ("while True: pass", _HOLDS):
            process = subprocess.Popen(
                [sys.executable, "-c", code], stdin=subprocess.PIPE
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            cgroup.take(process.pid)
            # Memory stays with the cgroup in which it was first used.
            assert process.stdin is not None
            process.stdin.write(b"now\n")
            process.stdin.flush()
        if "memory_bytes" in values(cgroup):
            until(lambda: values(cgroup)["memory_bytes"] >= 8 * MIB, "memory")
        yield cgroup


def limited(own: OwnCgroup) -> None:
    """Give it a limit of each kind, or skip the test."""
    try:
        _write(own, str(64 * MIB), "memory/memory.limit_in_bytes", "memory.max")
        _write(own, "77", "pids/pids.max", "pids.max")
        with contextlib.suppress(FileNotFoundError):
            _write(own, "20000", "cpu/cpu.cfs_period_us")
        _write(own, "2000", "cpu/cpu.cfs_quota_us") if _has(
            own, "cpu/cpu.cfs_quota_us"
        ) else _write(own, "2000 20000", "cpu.max")
    except OSError as error:
        pytest.skip(f"this machine lacks a controller: {error}")


def _has(own: OwnCgroup, name: str) -> bool:
    try:
        return own.file(name).exists()
    except FileNotFoundError:
        return False


def _write(own: OwnCgroup, text: str, *names: str) -> None:
    own.file(*names).write_text(text)


def stop(own: OwnCgroup) -> None:
    """Stop what runs in it, so that its counts stay."""
    pids = [int(pid) for pid in own.file(*_PROCS).read_text().split()]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    until(lambda: all(_state(pid) == "T" for pid in pids), "stopped")


_PROCS = ("cpuacct/cgroup.procs", "cgroup.procs")


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def read(own: OwnCgroup) -> CgroupSample:
    return read_cgroups([own.path], NEEDS)


def values(own: OwnCgroup) -> dict[str, float]:
    return dict(read(own).figures[own.path].values)


def number(own: OwnCgroup, *names: str) -> float:
    return float(own.file(*names).read_text())


def pair(own: OwnCgroup, key: str, *names: str) -> float:
    words = own.file(*names).read_text().split()
    return float(dict(zip(words[::2], words[1::2], strict=True))[key])


def test_the_figures_are_those_of_its_files(own: OwnCgroup) -> None:
    limited(own)
    until(lambda: values(own)["throttled"] > 0, "throttled")
    stop(own)
    is_v1 = _has(own, "cpu/cpu.stat")

    def agree() -> bool:
        found = values(own)
        memory = number(own, "memory/memory.usage_in_bytes", "memory.current")
        cpu_s = (
            number(own, "cpuacct/cpuacct.usage") / 1e9
            if is_v1
            else pair(own, "usage_usec", "cpu.stat") / 1e6
        )
        stat = ("cpu/cpu.stat", "cpu.stat")
        return (
            found["memory_bytes"] == memory
            and found["cpu_s"] == pytest.approx(cpu_s, abs=1e-9)
            and found["throttled"] == pair(own, "nr_throttled", *stat)
            and found["periods"] == pair(own, "nr_periods", *stat)
        )

    # The timer of the CPU limit may run once more.
    until(agree, "equal figures")
    found = values(own)
    assert found["memory_limit_bytes"] == 64 * MIB
    assert found["tasks_limit"] == 77
    assert found["tasks"] == 2
    assert found["quota_us"] / found["period_us"] == pytest.approx(0.1)


def test_throttling_and_cpu_use_are_seen(own: OwnCgroup) -> None:
    limited(own)
    before = read(own)

    def rates() -> Mapping[str, float]:
        return cgroup_rates(before, read(own))[own.path]

    # The kernel may count a throttled period before the CPU time of the task in it.
    until(lambda: rates()["cgroup_throttled_pct"] > 0, "throttled")
    until(lambda: rates()["cgroup_cpu_pct"] > 0, "CPU time")
    assert rates()["cgroup_quota"] == pytest.approx(0.1)


@pytest.mark.skipif(CGTOP is None, reason="needs systemd-cgtop, of the package systemd")
def test_tasks_and_memory_are_those_of_systemd_cgtop(own: OwnCgroup) -> None:
    stop(own)

    def agree() -> bool:
        assert CGTOP is not None
        command = [CGTOP, "--batch", "--raw", "--iterations=1", "--depth=9"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        lines = [line.split() for line in done.stdout.splitlines()]
        row = next((line for line in lines if line[:1] == [own.path]), None)
        found = values(own)
        return row is not None and (float(row[1]), float(row[3])) == (
            found["tasks"], found["memory_bytes"],
        )  # fmt: skip

    until(agree, "the same as in systemd-cgtop")
