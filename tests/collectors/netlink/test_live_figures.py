"""What the accounting tells of an end, beside what the process itself could tell."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from montauk_tui.collectors.netlink import requirements
from montauk_tui.collectors.netlink.collector import NetlinkCollector
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.schema import UNKNOWN, Need
from tests.collectors.netlink.support import opened
from tests.support.patience import until

pytestmark = pytest.mark.privileged

LARGE_BYTES = 128 << 20

WRITER = """
import json, os, sys
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
for _ in range(32):
    os.write(file, bytes(1 << 18))
os.ftruncate(file, 0)
os.unlink(sys.argv[1])
with open("/proc/self/io") as lines:
    counts = {name: int(count) for name, count in (line.split(": ") for line in lines)}
print(json.dumps(counts))
"""

PARENT = f"""
import os
held = bytearray(b"x" * {LARGE_BYTES})
pid = os.fork()
if pid == 0:
    os.execv("/bin/true", ["true"])
os.waitpid(pid, 0)
print(pid)
"""


def python(script: str, *arguments: str) -> tuple[int, str]:
    """Run a script; return its pid and what it printed."""
    command = [sys.executable, "-I", "-S", "-c", script, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        out, _ = process.communicate()
    assert process.returncode == 0
    return process.pid, out


def end_of(collector: NetlinkCollector, pid: int) -> dict[str, int]:
    """Sample until the end of a process is told; return its numbers."""
    reported: list[tuple[ExitTable, int]] = []

    def found() -> bool:
        exits = collector.sample(Need.NONE).exits
        assert exits is not None
        reported.extend(
            (exits, row) for row in (exits.pid == pid).nonzero()[0].tolist()
        )
        return bool(reported)

    until(found, f"the end of {pid}")
    exits, row = reported[-1]
    names = ("write_bytes", "peak_rss_bytes")
    return {name: int(getattr(exits, name)[row]) for name in names}


def test_what_was_thrown_away_before_it_was_written_is_no_write(
    collector: NetlinkCollector, tmp_path: Path
) -> None:
    collector.sample(Need.NONE)
    pid, out = python(WRITER, str(tmp_path / "written"))
    counts = json.loads(out)
    kept = counts["write_bytes"] - counts["cancelled_write_bytes"]
    assert end_of(collector, pid)["write_bytes"] == max(kept, 0)


def test_the_peak_is_that_of_the_program_not_of_who_started_it(
    collector: NetlinkCollector,
) -> None:
    collector.sample(Need.NONE)
    _, out = python(PARENT)
    assert end_of(collector, int(out))["peak_rss_bytes"] < LARGE_BYTES // 4


def test_where_the_kernel_does_not_count_io_it_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(requirements, "counts_io", lambda: False)
    with opened() as collector:
        collector.sample(Need.NONE)
        pid, _ = python("")
        assert end_of(collector, pid)["write_bytes"] == UNKNOWN
