"""Runs a program that may stop another process, and makes sure that process goes on.

A separate program, run by path with the standard library only: it terminates what it
runs on SIGTERM and when montauk has exited in any way (PR_SET_PDEATHSIG in prctl(2)).

    guard.py MONTAUK PID START_TICKS attach|seize PROGRAM [ARGUMENT ...]

PTRACE_ATTACH sends a SIGSTOP, which reaches a process that is detached too early
(ptrace(2)): such a process gets a SIGCONT. PTRACE_SEIZE sends no SIGSTOP.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from montauk_tui import children

del sys.path[0]

_THREADS_WORD, _START_WORD = 17, 19
_PATIENCE_S = 2.0
"""How long the program may take to detach by itself."""

_LATE_S = 0.3
"""How long after that a SIGSTOP may still take effect."""

_STEP_S = 0.02
_SIGNALS = (signal.SIGTERM, signal.SIGCHLD)


def state_of(pid: int, start_ticks: int) -> str:
    """Return the state letter of a process, empty if it has exited.

    If the leader has exited before other threads, that of another thread.
    """
    try:
        words = _words(f"/proc/{pid}/stat")
        if int(words[_START_WORD]) != start_ticks:
            return ""
        if words[0] in (b"Z", b"X") and int(words[_THREADS_WORD]) > 1:
            folders = Path(f"/proc/{pid}/task").iterdir()
            others = {int(folder.name) for folder in folders} - {pid}
            words = _words(f"/proc/{pid}/task/{min(others)}/stat")
        return words[0].decode()
    except (OSError, ValueError, IndexError):
        return ""


def _words(path: str) -> "list[bytes]":
    """Return what is behind the name in a stat file."""
    text = Path(path).read_bytes()
    return text[text.rindex(b") ") + 2 :].split()


def _begin_program() -> None:
    """Prepare the program's process: this one has no other threads."""
    children.end_with(os.getppid(), signal.SIGTERM)
    children.clean_signals()


def wait_for(program: "subprocess.Popen[bytes]") -> None:
    """Wait until the program exits, or terminate it on request."""
    while program.poll() is None:
        if signal.sigwait(_SIGNALS) is signal.SIGTERM:
            program.terminate()
            try:
                program.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()


def let_go_on(pid: int, start_ticks: int) -> None:
    """Continue a process that stops now, or soon."""
    end_s = time.monotonic() + _LATE_S
    while time.monotonic() < end_s:
        state = state_of(pid, start_ticks)
        if state == "T":
            _continue(pid, start_ticks)
        if not state or state == "T":
            return
        time.sleep(_STEP_S)


def _continue(pid: int, start_ticks: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return
    try:
        if state_of(pid, start_ticks):
            signal.pidfd_send_signal(descriptor, signal.SIGCONT)
    except OSError:
        return
    finally:
        os.close(descriptor)


def main(arguments: list[str]) -> int:
    """Run the program; return its exit code."""
    montauk, pid, start_ticks = map(int, arguments[:3])
    mode, *command = arguments[3:]
    children.clean_signals(_SIGNALS)
    if not children.end_with(montauk, signal.SIGTERM):
        return 1
    before = state_of(pid, start_ticks)
    if not before:
        sys.stderr.write("the process has exited\n")
        return 1
    try:
        program = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            preexec_fn=_begin_program,  # noqa: PLW1509 - no other threads
        )
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return 1
    wait_for(program)
    if mode == "attach" and before != "T":
        let_go_on(pid, start_ticks)
    return program.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
