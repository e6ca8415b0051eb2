"""A time namespace moves the clocks: who is who, when it started, how long it lived."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from montauk_tui.collectors import clock, registry
from montauk_tui.collectors.clock import NamespaceOffsets, namespace_offsets

WATCH = """
import json, os, subprocess, sys, time
from montauk_tui.actions import pid_owner
from montauk_tui.collectors import registry
from montauk_tui.model.schema import Need
made = registry.load(sys.argv[1])
state = made.availability()
if not state.available:
    print(json.dumps({"skip": f"{state.reason}; {state.remedy}"}))
    raise SystemExit
made.open()
made.sample(Need.NONE)
child = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
while open(f"/proc/{child.pid}/comm").read() != "cat\\n":
    time.sleep(0.001)
sample = made.sample(Need.CMDLINE)
table = sample.processes
(row,) = (table.pid == child.pid).nonzero()[0].tolist()
who = table.identity(row)
words = open(f"/proc/{child.pid}/stat").read().rpartition(")")[2].split()
details = made.lookups.details(who)
told = {
    "start": who.start_ticks, "start_in_proc": int(words[19]),
    "age_s": sample.boot_s - who.start_ticks / sample.user_hz,
    "ago_s": time.time() - sample.booted_at_s - who.start_ticks / sample.user_hz,
    "uptime_off_s": sample.host.uptime_s - sample.boot_s,
    "cmdline": made.lookups.command(who, table.comm[row]).text,
    "is_there": pid_owner.is_there(who), "has_details": details is not None,
    "ends": None, "starts": None,
}
child.stdin.close()
child.wait()
limit = time.monotonic() + 60
while sample.exits is not None and time.monotonic() < limit:
    sample = made.sample(Need.NONE)
    mine = (sample.exits.pid == child.pid).nonzero()[0].tolist()
    if mine:
        row = mine[0]
        told["ends"] = [
            int(sample.exits.start_ticks[row]),
            sample.boot_s - int(sample.exits.end_ns[row]) / 1e9,
            int(sample.exits.lifetime_ns[row]) / 1e9,
        ]
        break
print(json.dumps(told))
made.close()
"""

ROOT = Path(__file__).parents[2]


def in_namespace(name: str, *options: str) -> dict[str, Any]:
    """Return what a collector tells of a child where the clocks are moved."""
    if os.geteuid() != 0:
        pytest.skip("only root may make a time namespace")
    command = ["unshare", "--time", *options, "--fork"]
    tried = subprocess.run([*command, "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"no time namespace: {tried.stderr.decode().strip()}")
    done = subprocess.run(
        [*command, sys.executable, "-c", WATCH, name],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    if "skip" in told:
        pytest.skip(f"{name}: {told['skip']}")
    return told


@pytest.mark.parametrize("name", registry.names())
@pytest.mark.parametrize(
    "options",
    [
        ("--boottime", "864000", "--pid", "--mount-proc"),
        ("--boottime", "864000", "--monotonic", "5000"),
        ("--monotonic", "5000"),
    ],
    ids=["container", "both clocks", "monotonic"],
)
def test_the_clocks_of_a_namespace_are_those_of_all_that_is_told(
    name: str, options: tuple[str, ...]
) -> None:
    told = in_namespace(name, *options)
    assert told["start"] == told["start_in_proc"]
    assert told["cmdline"] == "cat"
    assert told["is_there"]
    assert told["has_details"]
    for age in ("age_s", "ago_s"):
        assert 0 <= told[age] < 60, age
    assert abs(told["uptime_off_s"]) < 60
    if told["ends"] is not None:
        start, ago_s, lived_s = told["ends"]
        assert start == told["start"]
        assert 0 <= ago_s < 60
        assert 0 < lived_s < 60


# --- the offsets ----------------------------------------------------------------------


def folder(path: Path, own: str, of_children: str, text: str | None) -> Path:
    """Return a folder like /proc/self; links to the same name are one namespace."""
    (path / "ns").mkdir()
    for name in {own, of_children}:
        (path / name).touch()
    (path / "ns/time").symlink_to(path / own)
    (path / "ns/time_for_children").symlink_to(path / of_children)
    if text is not None:
        (path / "timens_offsets").write_text(text, "ascii")
    return path


OFFSETS = "monotonic           7         0\nboottime      864000 500000000\n"


def test_offsets_are_read_where_they_are_those_of_the_process(tmp_path: Path) -> None:
    made = folder(tmp_path, "a", "a", OFFSETS)
    assert namespace_offsets(made) == NamespaceOffsets(7 * 10**9, 864_000_500_000_000)


@pytest.mark.parametrize("text", [None, "", "monotonic 1\n", "boottime 1 x\n", "é"])
def test_offsets_that_cannot_be_read_are_unknown(
    tmp_path: Path, text: str | None
) -> None:
    made = folder(tmp_path, "a", "a", None)
    if text is not None:
        (made / "timens_offsets").write_text(text, "utf-8")
    assert namespace_offsets(made) is None


def test_offsets_of_children_only_say_nothing(tmp_path: Path) -> None:
    assert namespace_offsets(folder(tmp_path, "a", "b", OFFSETS)) is None


def test_the_machine_itself_has_no_offsets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = folder(tmp_path, "a", "b", OFFSETS)
    inode = (made / "a").stat().st_ino
    monkeypatch.setattr(clock, "_INITIAL_TIME_NAMESPACE", inode)
    assert namespace_offsets(made) == NamespaceOffsets()


def test_a_kernel_without_time_namespaces_has_no_offsets(tmp_path: Path) -> None:
    assert namespace_offsets(tmp_path) == NamespaceOffsets()
