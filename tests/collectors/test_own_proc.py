"""What is done where /proc is missing, or that of another PID namespace."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from montauk_tui.model import own_proc
from tests.support.terminal import Terminal

CHECKOUT: Final = Path(__file__).parents[2]
MONTAUK: Final = (sys.executable, "-m", "montauk_tui")
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, for a namespace")

ACTIONS: Final = """
import signal, subprocess, sys
from montauk_tui.actions import io_priority, pid_owner, priority, signals, tracing
from montauk_tui.actions.autogroup import AutogroupNice
from montauk_tui.model.sample import Identity

# The PID that a child has here is that of another process in the /proc that is seen.
with subprocess.Popen(["sleep", "600"]) as child:
    held = pid_owner.holder(child.pid)
    seen = Identity(child.pid, held.start_ticks if held else 1)
    results = [
        signals.send(seen, signal.SIGKILL), priority.add_nice(seen, 1),
        priority.set_affinity(seen, {0}), priority.set_policy(seen, "batch"),
        io_priority.put(seen, "idle"), AutogroupNice(1).add(seen),
        tracing.why_not(seen),
    ]
    for result in results:
        print(result.outcome.value, result.reason)
    print(child.poll(), priority.policy(child.pid), io_priority.current(child.pid)[0])
    child.kill()
"""


def inside(command: list[str], *unshare: str) -> subprocess.CompletedProcess[str]:
    """Run a command in namespaces of its own."""
    done = subprocess.run(
        ["unshare", *unshare, *command],
        capture_output=True, text=True, check=False, cwd=CHECKOUT, timeout=120,
    )  # fmt: skip
    if "unshare:" in done.stderr:
        pytest.skip(f"no namespaces here: {done.stderr.strip()}")
    return done


def test_our_own_is_ours() -> None:
    assert not own_proc.is_foreign()
    assert own_proc.lack() is None


@pytest.mark.parametrize(
    ("own", "status", "foreign"),
    [
        ("{pid}", "NSpid:\t{pid}\n", False),
        ("{pid}", "Pid:\t1\n", False),
        ("1{pid}", "NSpid:\t1{pid}\t{pid}\n", True),
        # By chance the same in both.
        ("{pid}", "NSpid:\t{pid}\t{pid}\n", True),
        ("{pid}", None, True),
        (None, None, True),
    ],
)
def test_whose_a_proc_is(
    tmp_path: Path, own: str | None, status: str | None, *, foreign: bool
) -> None:
    pid = os.getpid()
    if own is not None:
        target = own.format(pid=pid)
        (tmp_path / "self").symlink_to(target)
        (tmp_path / target).mkdir()
        if status is not None:
            text = "Name:\tx\n" + status.format(pid=pid)
            (tmp_path / target / "status").write_text(text)
    assert own_proc.is_foreign(str(tmp_path)) is foreign


@ROOT
def test_nobody_is_acted_on_through_a_foreign_proc() -> None:
    done = inside([sys.executable, "-c", ACTIONS], "--pid", "--fork")
    *results, unharmed = done.stdout.splitlines()
    assert len(results) == 7, done.stderr
    for line in results:
        assert line.startswith("refused /proc is that of another PID namespace"), line
        assert "unshare --mount-proc" in line
    assert unharmed == "None other none"


@ROOT
def test_collectors_that_would_be_wrong_there_are_refused() -> None:
    done = inside([*MONTAUK, "--collector-info"], "--pid", "--fork")
    assert done.returncode == 0, done.stderr
    _, *lines = done.stdout.splitlines()
    by_name = {
        line.replace("[active]", "").split()[0].strip(":"): line for line in lines
    }
    for name in ("kernel", "netlink"):
        assert ": unavailable: " in by_name[name]
    assert "/proc is that of another PID namespace" in by_name["netlink"]
    assert "[active]" in by_name["traditional"]
    assert "to read only" in by_name["traditional"]


@ROOT
@pytest.mark.parametrize("name", ["kernel", "netlink"])
def test_one_that_is_forced_says_why(name: str) -> None:
    done = inside([*MONTAUK, "--once", "--collector", name], "--pid", "--fork")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"montauk: collector {name}: unavailable: ")
    assert done.stdout == ""


@ROOT
@pytest.mark.parametrize(
    "mount",
    [
        "mount -t tmpfs none /proc",
        "mount -t proc -o subset=pid proc /proc",
    ],
)
@pytest.mark.parametrize(
    "arguments", [["--collector-info"], ["--once"], ["--json", "-n1"], ["events"]]
)
def test_without_a_whole_proc_it_says_what_to_do(
    mount: str, arguments: list[str]
) -> None:
    script = f'{mount} && exec "$0" "$@"'
    done = inside(["sh", "-c", script, *MONTAUK, *arguments], "--mount")
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "Traceback" not in said
    assert "[active]" not in said
    assert "no /proc/stat; mount it: mount -t proc proc /proc" in said


@ROOT
def test_the_screen_says_why_nothing_is_sent() -> None:
    inside(["true"], "--pid", "--fork")
    command = ["unshare", "--pid", "--fork", *MONTAUK]
    with Terminal(command, size=(160, 30)) as terminal:
        terminal.until_shown(
            "F10 Quit", "CPU%", "of another PID namespace, to read only"
        )
        terminal.type("\x1b[20~")
        terminal.until_shown("SIGTERM")
        terminal.type("\r")
        terminal.until_shown("refused (/proc is that of another PID")
        terminal.type("q")
        assert terminal.exit_code() == 0
