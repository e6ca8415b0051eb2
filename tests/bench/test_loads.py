"""The processes to measure beside."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bench import crowd
from bench.crowd import LOADS, forks, load
from bench.usage import descendants
from tests.support.patience import until


def below() -> set[int]:
    return set(descendants(os.getpid()))


@pytest.mark.parametrize("kind", ["idle", "busy"])
def test_so_many_processes_run_and_none_is_left(kind: str) -> None:
    before = below()
    with load(kind, 20):
        new = below() - before
        assert len(new) == 20 + 1, "one of them starts the others"
    assert not new & below()


def test_processes_have_forty_threads() -> None:
    before = below()
    with load("threads", 2):
        new = below() - before
        counts = [len([*Path(f"/proc/{pid}/task").iterdir()]) for pid in new]
    assert sorted(counts) == [1, 40, 40]


def test_processes_come_and_go() -> None:
    before = forks()
    with load("churn", 500):
        until(lambda: forks() - before > 100)


def test_nothing_is_left_when_who_started_it_is_killed(tmp_path: Path) -> None:
    out = tmp_path / "pids"
    code = (
        "import os, time\nfrom bench.crowd import load\nfrom bench.usage import *\n"
        f"with load('idle', 3):\n    open({str(out)!r}, 'w').write("
        "' '.join(map(str, descendants(os.getpid()))))\n    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    pids = out.read_text().split()
    assert len(pids) == 5
    until(lambda: not any(Path("/proc", pid).exists() for pid in pids))


def test_a_load_that_cannot_be_started_says_why_and_ends_what_it_started() -> None:
    code = 'ulimit -n 4; exec "$0" -I -S "$1" threads 2'
    done = subprocess.run(
        ["sh", "-c", code, sys.executable, LOADS],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Too many open files; see ulimit" in done.stdout
    assert done.returncode == -signal.SIGKILL


def test_whoever_needs_a_load_is_given_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "loads.py"
    script.write_text("print('no room')")
    monkeypatch.setattr(crowd, "LOADS", script)
    with pytest.raises(RuntimeError, match=r"load idle 2: no room$"), load("idle", 2):
        pass
