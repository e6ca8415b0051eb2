"""A /proc that hides the processes of others (mount option hidepid)."""

import json
import os
import subprocess
import sys

import pytest

NAMESPACES = ["unshare", "--mount", "--pid", "--fork"]

SCRIPT = """
import json, os, subprocess, sys
import wcwidth  # later the folder it lies in may be unreadable
from montauk_tui.collectors.procfs.collector import TraditionalCollector
from montauk_tui.model.schema import Need

subprocess.run(["mount", "-t", "proc", "-o", sys.argv[1], "proc", "/proc"], check=True)
other = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
seen = []
with TraditionalCollector() as collector:
    for needs in (Need.NONE, Need.SHARED | Need.THREADS | Need.CMDLINE):
        sample = collector.sample(needs)
        seen.append(list(zip(sample.processes.tgid.tolist(),
                             sample.processes.uid.tolist(), strict=True)))
print(json.dumps({"own": os.getpid(), "other": other.pid, "seen": seen,
                  "host_threads": sample.host.threads}))
other.stdin.close()
"""


def sample_as_nobody(option: str) -> dict[str, object]:
    if os.geteuid() != 0:
        pytest.skip("only root may mount /proc")
    refused = subprocess.run([*NAMESPACES, "true"], check=False, capture_output=True)
    if refused.returncode:
        pytest.skip(f"no namespaces here: {refused.stderr.decode().strip()}")
    done = subprocess.run(
        [*NAMESPACES, sys.executable, "-c", SCRIPT, option],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "mount" in done.stderr and done.returncode:
        pytest.skip(f"mount refused: {done.stderr.strip().splitlines()[0]}")
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout)
    return result


@pytest.mark.privileged
def test_only_the_own_processes_are_seen() -> None:
    result = sample_as_nobody("hidepid=2")
    assert isinstance(result["seen"], list)
    for rows in result["seen"]:
        assert [result["own"], 65534] in rows
        assert {pid for pid, _ in rows} == {result["own"]}


@pytest.mark.privileged
def test_listed_processes_that_cannot_be_read_are_left_out() -> None:
    """With hidepid=1 every process is listed and the files of others refuse."""
    result = sample_as_nobody("hidepid=1")
    assert isinstance(result["seen"], list)
    for rows in result["seen"]:
        assert {pid for pid, _ in rows} == {result["own"]}


@pytest.mark.privileged
def test_without_the_option_others_are_seen() -> None:
    result = sample_as_nobody("hidepid=0")
    assert isinstance(result["seen"], list)
    for rows in result["seen"]:
        assert [result["other"], 0] in rows
        assert [result["own"], 65534] in rows
