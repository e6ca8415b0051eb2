"""Programs that stop a process: how they start, what is kept, and how they end."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from montauk_tui.actions import guard, pid_owner, tracing
from montauk_tui.actions.tracing import LINE_BYTES, MOST_LINES, Output, Running, Tool
from montauk_tui.model.outcome import Outcome
from montauk_tui.model.sample import Identity
from tests.support import heritage
from tests.support.children import child, identity_of, without_leader, zombie
from tests.support.patience import until
from tests.support.walking import is_there

STARTER = """
import os, subprocess, sys
guard, pid, start, program = sys.argv[1:]
subprocess.Popen([sys.executable, "-I", "-S", guard, str(os.getpid()), pid, start,
                  "attach", program])
sys.stdin.read()
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for programs that is searched first."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def put(folder: Path, name: str, script: str) -> Tool:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return Tool(name, ("-p",), name)


def ended(running: Running) -> int:
    until(lambda: running.exit_code is not None)
    assert running.exit_code is not None
    return running.exit_code


def state_of(identity: Identity) -> str:
    return guard.state_of(*identity)


# --- what is kept ---------------------------------------------------------------------


def test_lines_are_kept_as_they_come_in_parts() -> None:
    output = Output()
    for part in (b"a", b"b\nc", b"\n", b"d"):
        output.add(part)
    assert (output.lines(), output.total) == ([b"ab", b"c"], 2)
    output.end()
    assert output.lines() == [b"ab", b"c", b"d"]


def test_what_is_kept_is_bounded() -> None:
    output = Output()
    for _ in range(100):
        output.add(b"x" * 100_000)
    output.add(b"\n" + b"y\n" * (MOST_LINES + 5))
    lines = output.lines()
    assert len(lines) == MOST_LINES
    assert output.total == MOST_LINES + 6
    long = Output()
    long.add(b"x" * 1_000_000)
    long.add(b"x\nnext\n")
    assert [len(line) for line in long.lines()] == [LINE_BYTES, 4]


# --- which program --------------------------------------------------------------------


def test_a_program_in_the_current_folder_is_not_found(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = put(tools, "tool", "exit 0")
    assert tracing.find((tool,)) == tool
    monkeypatch.chdir(tools)
    for path in ("", ":/nowhere", ".", "/nowhere::"):
        monkeypatch.setenv("PATH", path)
        assert tracing.find((tool,)) is None


@pytest.mark.privileged
@pytest.mark.skipif(os.geteuid() != 0, reason="only root is in danger")
def test_root_runs_no_program_that_others_may_write(tools: Path) -> None:
    tool = put(tools, "tool", "exit 0")
    (tools / "tool").chmod(0o757)
    assert tracing.find((tool,)) is None
    why = f"{tools}/tool may be written by everybody"
    assert tracing.missing((tool,)) == f"root does not run {tools}/tool: {why}"
    (tools / "tool").chmod(0o755)
    assert tracing.find((tool,)) == tool
    os.chown(tools / "tool", 4242, -1)
    assert "belongs to user 4242" in tracing.missing((tool,))


HERITAGE = """
import os, signal, subprocess, sys
for name in ("SIGINT", "SIGQUIT", "SIGHUP", "SIGTERM", "SIGUSR1", "SIGCHLD"):
    signal.signal(getattr(signal, name), signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
guard, pid, start, program = sys.argv[1:]
subprocess.run([sys.executable, "-I", "-S", guard, str(os.getpid()), pid, start,
                "attach", program])
"""


def test_what_it_runs_inherits_no_signals(tools: Path, tmp_path: Path) -> None:
    """Neither ignored nor blocked: else a tool could not be ended."""
    put(tools, "tool", "grep -E 'Sig(Blk|Ign)' /proc/self/status")
    with child() as (_, identity):
        numbers = [str(identity.pid), str(identity.start_ticks)]
        command = [sys.executable, "-c", HERITAGE, guard.__file__, *numbers]
        done = subprocess.run(
            [*command, str(tmp_path / "tool")], capture_output=True, check=True
        )
    _, blocked, _, ignored = done.stdout.split()
    assert (int(blocked, 16), heritage.named(int(ignored, 16))) == (0, 0)


def test_it_is_started_with_little_of_the_environment(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEBUGINFOD_URLS", "https://example.org")
    monkeypatch.setenv("PYTHONPATH", str(tools))
    monkeypatch.setenv("LANG", "C.UTF-8")
    tool = put(tools, "tool", "env")
    with child() as (_, identity):
        running = Running(identity, tool)
        assert ended(running) == 0
    names = {line.partition(b"=")[0] for line in running.output.lines()}
    names -= {b"LC_ALL", b"LC_CTYPE", b"PWD", b"_", b"OPENBLAS_NUM_THREADS"}
    assert names == {b"PATH", b"LANG", b"HOME"}


# --- life -----------------------------------------------------------------------------


def test_it_is_told_the_process_and_its_end_is_known(tools: Path) -> None:
    tool = put(tools, "tool", 'echo "$@"; echo problem >&2; exit 3')
    with child() as (_, identity):
        running = Running(identity, tool)
        assert ended(running) == 3
    lines = running.output.lines()
    assert sorted(lines) == sorted([f"-p {identity.pid}".encode(), b"problem"])


def test_without_a_thread_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    started: list[object] = []
    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(subprocess, "Popen", lambda *them, **_: started.append(them))
    with pytest.raises(RuntimeError, match="thread"):
        Running(Identity(1, 1), tracing.TRACE[0])
    assert not started


def test_where_it_cannot_be_started_no_thread_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(BlockingIOError):
        Running(Identity(1, 1), tracing.TRACE[0])
    until(lambda: all(it.name != "montauk-tool" for it in threading.enumerate()))


@pytest.mark.parametrize(
    "script",
    ["echo $$; exec sleep 600", "trap '' TERM; echo $$; while :; do sleep 0.1; done"],
    ids=["willing", "unwilling"],
)
def test_it_ends_when_told_to(tools: Path, script: str) -> None:
    tool = put(tools, "tool", script)
    with child() as (_, identity):
        running = Running(identity, tool)
        until(running.output.lines)
        pid = int(running.output.lines()[0])
        running.stop()
        ended(running)
        assert not is_there(pid)
        running.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_who_started_it(tools: Path, number: signal.Signals) -> None:
    put(tools, "tool", f"echo $$ > {tools}/pid.new; mv {tools}/pid.new {tools}/pid\n"
        "exec sleep 600")  # fmt: skip
    with child() as (process, identity):
        command = [sys.executable, "-c", STARTER, guard.__file__]
        numbers = [str(identity.pid), str(identity.start_ticks)]
        with subprocess.Popen(
            [*command, *numbers, str(tools / "tool")], stdin=subprocess.PIPE
        ) as starter:
            until((tools / "pid").exists)
            starter.send_signal(number)
            starter.wait()
        tool_pid = int((tools / "pid").read_text())
        until(lambda: not is_there(tool_pid))
        assert process.poll() is None


def test_a_process_that_was_left_stopped_goes_on(tools: Path) -> None:
    tool = put(tools, "tool", 'kill -STOP "$2"; echo stopped; exec sleep 600')
    with child() as (_, identity):
        running = Running(identity, tool)
        until(running.output.lines)
        until(lambda: state_of(identity) == "T")
        running.stop()
        ended(running)
        until(lambda: state_of(identity) == "S")


def test_where_the_first_thread_has_ended_it_attaches_to_another_and_lets_go(
    tools: Path, lives: str
) -> None:
    tool = put(tools, "tool", 'kill -STOP "$2"; echo stopped; exec sleep 600')
    with without_leader(lives) as process:
        identity = identity_of(process.pid)
        refused = tracing.why_not(identity)
        assert refused is None or refused.outcome is Outcome.NOT_PERMITTED
        running = Running(identity, tool)
        (thread,) = pid_owner.threads(process.pid)
        assert running.command == ["tool", "-p", str(thread)]
        until(running.output.lines)
        until(lambda: state_of(identity) == "T")
        running.stop()
        ended(running)
        until(lambda: state_of(identity) == "S")


def test_a_process_that_was_stopped_before_stays_stopped(tools: Path) -> None:
    tool = put(tools, "tool", "exit 0")
    with child() as (process, identity):
        process.send_signal(signal.SIGSTOP)
        until(lambda: state_of(identity) == "T")
        ended(Running(identity, tool))
        assert state_of(identity) == "T"


def test_nobody_is_attached_to_who_took_the_pid(tools: Path) -> None:
    tool = put(tools, "tool", "echo attached")
    with child() as (_, identity):
        other = Identity(identity.pid, identity.start_ticks - 1)
        running = Running(other, tool)
        assert ended(running) == 1
    assert running.output.lines() == [b"the process has exited"]


# --- who may be looked into -----------------------------------------------------------


def test_a_process_of_ones_own_may_be_looked_into() -> None:
    with child() as (_, identity):
        refused = tracing.why_not(identity)
        if refused is None:
            return
        # Where ptrace is restricted, the line says by what.
        assert refused.outcome is Outcome.NOT_PERMITTED
        assert "ptrace_scope" in refused.reason or "CAP_SYS_PTRACE" in refused.reason


def test_who_may_not_be_looked_into_is_told_why() -> None:
    me = identity_of(os.getpid())
    refused = tracing.why_not(me)
    assert refused is not None
    assert "montauk" in refused.reason
    with zombie() as identity:
        refused = tracing.why_not(identity)
        assert refused is not None
        assert "zombie" in refused.reason
    gone = tracing.why_not(identity)
    assert gone is not None
    assert gone.outcome is Outcome.EXITED
    assert pid_owner.holder(identity.pid) is None


def test_what_is_missing_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tracing.find(tracing.TRACE) is None
    said = tracing.missing(tracing.BACKTRACE)
    assert said == (
        "neither eu-stack nor gdb is installed: install the package elfutils or gdb"
    )
    put(tmp_path, "gdb", "")
    found = tracing.find(tracing.BACKTRACE)
    assert found is not None
    assert found.program == "gdb"


def test_the_real_strace_shows_the_calls_and_lets_go() -> None:
    if not shutil.which("strace"):
        pytest.skip("strace is not installed; apt-get install strace")
    with child("sh", "-c", "while :; do sleep 0.05; done") as (process, identity):
        if (refused := tracing.why_not(identity)) is not None:
            pytest.skip(f"the kernel does not permit it: {refused.reason}")
        running = Running(identity, tracing.TRACE[0])
        until(lambda: any(b"wait4" in line for line in running.output.lines()))
        running.stop()
        ended(running)
        until(lambda: b"TracerPid:\t0" in status(identity))
        assert process.poll() is None


def status(identity: Identity) -> bytes:
    return Path(f"/proc/{identity.pid}/status").read_bytes()
