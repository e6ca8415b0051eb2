"""Programs that inspect a process by stopping it: strace, eu-stack, gdb.

The start time is compared before they attach, and `guard` terminates them with montauk.
"""

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Final, NamedTuple

from montauk_tui import children, trust
from montauk_tui.actions import guard, pid_owner
from montauk_tui.descriptors import lower_limit_of
from montauk_tui.model.outcome import Outcome, Result, not_permitted
from montauk_tui.model.sample import Identity

MOST_LINES: Final = 10_000
"""Lines that are kept."""

LINE_BYTES: Final = 2_000
"""What is kept of a line."""

_SCOPE: Final = Path("/proc/sys/kernel/yama/ptrace_scope")


class Tool(NamedTuple):
    """A program and its arguments."""

    program: str
    arguments: tuple[str, ...]
    """The PID is appended."""
    package: str
    seizes: bool = False
    """Whether it attaches without a SIGSTOP."""
    lasts: bool = False
    """Whether it runs until it is terminated."""


TRACE: Final = (Tool("strace", ("-f", "-s", "256", "-p"), "strace",
              seizes=True, lasts=True),)  # fmt: skip

BACKTRACE: Final = (
    Tool("eu-stack", ("-p",), "elfutils"),
    Tool("gdb", ("-nx", "-batch", "-iex", "set auto-load no",
                 "-ex", "thread apply all bt", "-p"), "gdb"),
)  # fmt: skip
"""The first installed one is used."""


def find(tools: tuple[Tool, ...]) -> Tool | None:
    """Return the first tool that is installed in a trusted place."""
    return next((tool for tool in tools if path_of(tool)), None)


def path_of(tool: Tool) -> str:
    """Return the path of a tool, "" if it is not installed or not trusted."""
    return next((path for path in _found(tool) if not _why_not_run(path)), "")


def _found(tool: Tool) -> Iterator[str]:
    """Find a tool in PATH; no entry there means the current folder."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, tool.program)  # noqa: PTH118 - "" stays nothing
        if os.path.isabs(path) and os.access(path, os.X_OK):  # noqa: PTH117
            yield path


def _why_not_run(path: str) -> str:
    """Return why root should not run a program, "" if it may."""
    if os.geteuid() != trust.ROOT:
        return ""
    try:
        return trust.foreign(path, [])
    except OSError as error:
        return f"{path}: {error.strerror}"


def missing(tools: tuple[Tool, ...]) -> str:
    """Return the reason if no tool is installed, or none that may be run."""
    for path in (path for tool in tools for path in _found(tool)):
        if why := _why_not_run(path):
            return f"root does not run {path}: {why}"
    names = " nor ".join(tool.program for tool in tools)
    packages = " or ".join(tool.package for tool in tools)
    neither = "neither " if len(tools) > 1 else ""
    return f"{neither}{names} is installed: install the package {packages}"


def why_not(identity: Identity) -> Result | None:
    """Return why a process cannot be attached to, None where it can."""
    if refused := pid_owner.why_not(identity):
        return refused
    if identity.pid == os.getpid():
        reason = "montauk cannot stop itself and show it"
        return Result(identity, Outcome.REFUSED, reason)
    thread = pid_owner.first_thread(identity.pid)
    return _busy(identity, thread) or _forbidden(identity, thread)


def _forbidden(identity: Identity, thread: int) -> Result | None:
    """Return that the kernel does not permit it.

    Opening its memory needs the same permission (PTRACE_MODE_ATTACH in ptrace(2)).
    """
    try:
        os.close(os.open(f"/proc/{thread}/mem", os.O_RDONLY | os.O_CLOEXEC))
    except PermissionError:
        return _not_permitted(identity)
    except FileNotFoundError:
        return Result(identity, Outcome.EXITED)
    except OSError as error:
        return Result(identity, Outcome.REFUSED, os.strerror(error.errno or 0))
    return None


def _not_permitted(identity: Identity) -> Result:
    whose = pid_owner.owner(identity.pid)
    try:
        is_scoped = _SCOPE.read_bytes().strip() == b"1"
    except OSError:
        is_scoped = False
    if is_scoped and whose is not None and whose.uid == os.geteuid():
        reason = "kernel.yama.ptrace_scope is 1: run as root, or set it to 0"
        return Result(identity, Outcome.NOT_PERMITTED, reason)
    return not_permitted(identity, whose and whose.uid, "CAP_SYS_PTRACE")


def _busy(identity: Identity, thread: int) -> Result | None:
    """Return that another program traces it already, or that it is a kernel thread."""
    try:
        lines = Path(f"/proc/{thread}/status").read_bytes().splitlines()
        fields = dict(line.split(b":", 1) for line in lines if b":" in line)
        tracer = int(fields.get(b"TracerPid", b"0"))
    except (OSError, ValueError):
        return Result(identity, Outcome.EXITED)
    if tracer:
        reason = f"process {tracer} traces it already"
        return Result(identity, Outcome.REFUSED, reason)
    if b"VmSize" not in fields:
        reason = "a thread of the kernel makes no system calls"
        return Result(identity, Outcome.REFUSED, reason)
    return None


class Output:
    """The last lines that a program wrote."""

    def __init__(self) -> None:
        """Start without any."""
        self._lines: deque[bytes] = deque(maxlen=MOST_LINES)
        self._rest = b""
        self.total = 0
        """Lines so far, those too that are no longer kept."""

    def add(self, data: bytes) -> None:
        """Add output; an incomplete line waits for its end."""
        *whole, rest = (self._rest + data).split(b"\n")
        # The rest of a line that is longer than what is kept is not waited for.
        self._rest = rest[: LINE_BYTES + 1]
        self._lines.extend(line[:LINE_BYTES] for line in whole)
        self.total += len(whole)

    def end(self) -> None:
        """Add the incomplete line."""
        if self._rest:
            self.add(b"\n")

    def lines(self) -> list[bytes]:
        """Return the kept lines, oldest first."""
        while True:
            try:
                return list(self._lines)
            except RuntimeError:
                # Another thread added one meanwhile.
                continue


class Running:
    """A running program that inspects a process."""

    def __init__(self, identity: Identity, tool: Tool) -> None:
        """Start it, from the thread whose end is to end it.

        Raises:
            OSError: It cannot be started.
            RuntimeError: There is no thread that could read it; nothing was started.
        """
        self.tool = tool
        self.lasts = tool.lasts
        self.output = Output()
        self.exit_code: int | None = None
        """None while it runs."""
        # Nothing attaches to an exited leader; strace finds other threads by itself.
        thread = pid_owner.first_thread(identity.pid)
        self.command = [tool.program, *tool.arguments, str(thread)]
        started: SimpleQueue[subprocess.Popen[bytes] | None] = SimpleQueue()
        threading.Thread(
            target=self._read, args=(started,), name="montauk-tool", daemon=True
        ).start()
        try:
            self._guard = self._start(identity)
        except BaseException:
            started.put(None)
            raise
        started.put(self._guard)

    def _start(self, identity: Identity) -> "subprocess.Popen[bytes]":
        program = [path_of(self.tool) or self.tool.program, *self.command[1:]]
        mode = "seize" if self.tool.seizes else "attach"
        with children.stops_blocked():
            process = subprocess.Popen(
                [
                    sys.executable, "-I", "-S", guard.__file__, str(os.getpid()),
                    str(identity.pid), str(identity.start_ticks), mode, *program,
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd="/",
                # gdb complains without a HOME, and is to find nothing there.
                env={**children.environment("LANG", "LC_ALL", "LC_CTYPE"), "HOME": "/"},
            )  # fmt: skip
        lower_limit_of(process.pid)
        return process

    def _read(self, started: "SimpleQueue[subprocess.Popen[bytes] | None]") -> None:
        program = started.get()
        if program is None:
            return
        stream = program.stdout
        assert stream is not None  # noqa: S101 - of a pipe
        with stream:
            while data := os.read(stream.fileno(), 1 << 16):
                self.output.add(data)
        self.output.end()
        self.exit_code = program.wait()

    def stop(self) -> None:
        """Terminate it; harmless after its exit."""
        self._guard.terminate()
