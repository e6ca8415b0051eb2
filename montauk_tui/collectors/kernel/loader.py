"""Starts the loader process and takes over what it loaded."""

import array
import contextlib
import errno
import json
import os
import resource
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from montauk_tui import children, trust
from montauk_tui.collectors.kernel import bpf
from montauk_tui.collectors.kernel.about import how_attached
from montauk_tui.collectors.kernel.attached import LITTLE_ROOM
from montauk_tui.collectors.kernel.log import Mapped
from montauk_tui.collectors.kernel.parts import EVERY, Part
from montauk_tui.descriptors import lower_limit_of
from montauk_tui.errors import CollectorUnavailable
from montauk_tui.model.text import clean

CACHE: Final = "/var/cache/montauk"
"""Folder of compiled probes, used by root only: others could change their own."""

_MOST_DESCRIPTORS: Final = 64
_MOST_SAID: Final = 200
"""Bytes of the messages of BCC or the kernel that are passed on."""
_MOST_COMPLAINTS: Final = 1 << 16
_STEP_S: Final = 1.0
_GRACE_S: Final = 5.0
"""Between the exit of a process and the notification of its parent."""

INTERPRETERS: Final = (
    "/usr/bin/python3",
    "/usr/libexec/platform-python",
    "/bin/python3",
)
PACKAGES: Final = (
    "/usr/lib/python3/dist-packages",
    "/usr/lib/python3*/site-packages",
    "/usr/lib64/python3*/site-packages",
    "/usr/lib/python3*/dist-packages",
)
"""Where distributions put BCC; the first that has bcc/libbcc.py counts."""

NO_BCC: Final = (
    "no Python here has BCC",
    "install python3-bpfcc (Debian, Ubuntu), python3-bcc (Fedora) or python-bcc (Arch)",
)

LIMIT_S: Final = 600
"""After that the loader terminates itself. Emulated machines take a minute."""

PASSING: Final = {
    **LITTLE_ROOM,
    errno.EAGAIN: "raise the limit of processes (ulimit -u)",
}
"""Errors of starting a process that have nothing to do with Python or BCC."""

_DEATHS: Final[Mapping[int, str]] = {
    signal.SIGALRM: f"it took longer than {LIMIT_S / 60:g} minutes",
    signal.SIGSYS: "let the seccomp filter of the container or service pass bpf()",
    signal.SIGXCPU: "raise the limit of CPU time (ulimit -t)",
    signal.SIGKILL: "check the free memory",
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """The probes of this process: closing the descriptors removes them."""

    descriptors: Mapping[str, int]
    """The maps of the parts, iterator a link; the rest hooks, and
    their programs under the names of the functions."""
    attachment: str
    """kprobes or tracepoints."""
    bcc: str
    """Version of BCC."""
    missing: tuple[str, ...]
    """Fields that this kernel does not have, by their macros in layout.py."""
    is_compiled: bool = True
    """Whether BCC had to compile them; else they were kept from an earlier start."""

    memory_bytes: int = 0
    """Of all maps and programs."""

    @property
    def hooked(self) -> Collection[str]:
        """The functions that run at events of the kernel, among others."""
        return self.descriptors.keys()

    def detail(self, _offset_ns: int = 0) -> str:
        """Return BCC's version and how the probes are attached."""
        return f"eBPF, BCC {self.bcc}, {how_attached(self.attachment, self.hooked)}"

    def open_tasks(self) -> int:
        """Return a descriptor from which the iterator's output can be read once.

        Raises:
            OSError: The kernel refuses.
        """
        return bpf.open_iterator(self.descriptors["iterator"])

    @property
    def storage(self) -> Mapped:
        """The maps, to be mapped."""
        return Mapped(self.descriptors)

    def close(self) -> None:
        """Detach and free everything."""
        for descriptor in self.descriptors.values():
            with contextlib.suppress(OSError):
                os.close(descriptor)


def interpreter(
    packages: Sequence[str] = PACKAGES, interpreters: Sequence[str] = INTERPRETERS
) -> str | None:
    """Return an interpreter that has BCC, found without starting it."""
    if not _with_bcc(packages):
        return None
    return next((path for path in interpreters if os.access(path, os.X_OK)), None)


def _with_bcc(packages: Sequence[str]) -> list[str]:
    """Return the folders that hold BCC."""
    return [
        str(path.parents[1])
        for pattern in packages
        for path in sorted(Path("/").glob(f"{pattern[1:]}/bcc/libbcc.py"))
    ]


def untrusted(probes: Path) -> tuple[str, str] | None:
    """Return why root should not run and compile these files, and the remedy.

    The owner of the package is trusted: the running code is theirs already.
    """
    if os.geteuid() != trust.ROOT:
        return None
    package = Path(__file__).parents[2]
    remedy = "make it writable for its owner only, or install montauk"
    try:
        trusted = {package.stat().st_uid}
        found = [trust.foreign_below(str(it), trusted) for it in (package, probes)]
        programs = (interpreter(), *_with_bcc(PACKAGES))
        found += [trust.foreign(path, []) for path in programs if path]
        why = next(filter(None, found), "")
    except OSError as error:
        why = f"{error.filename} cannot be checked: {error.strerror}"
        remedy = PASSING.get(error.errno or 0, remedy)
    return (f"root may not rely on the probes: {why}", remedy) if why else None


class Loader:
    """Starts one process at a time; any thread may make it give up."""

    def __init__(self) -> None:
        """Prepare without starting a process."""
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._given_up = False

    def give_up(self) -> None:
        """Kill the running process; no other is started after this."""
        with self._lock:
            self._given_up = True
            if self._process is not None:
                self._process.kill()

    def load(
        self,
        probes: Path,
        defines: Mapping[str, int],
        attachment: str,
        *,
        parts: Sequence[Part] = EVERY,
        python: str | None = None,
        on_wait: Callable[[float], None] = lambda _: None,
    ) -> Loaded:
        """Return the probes, loaded and attached by a process that has exited.

        Args:
            probes: The folder of the C files.
            defines: Macros that they are compiled with.
            attachment: kprobes, tracepoints, or auto for the best there is.
            parts: Which of the files are loaded.
            python: The interpreter that has BCC.
            on_wait: Called every second with the seconds since the start.

        Raises:
            CollectorUnavailable: With the reason and the remedy the loader gave.
        """
        python = python or interpreter()
        if python is None:
            raise CollectorUnavailable(*NO_BCC)
        if lack := untrusted(probes):
            raise CollectorUnavailable(*lack)
        request = {
            "probes": str(probes),
            "parts": parts,
            "defines": dict(defines),
            "attachment": attachment,
            "packages": _with_bcc(PACKAGES),
            "cache": CACHE if os.geteuid() == trust.ROOT else "",
            "limit_s": LIMIT_S,
        }
        try:
            answer, descriptors, complaints = self._ask(python, request, on_wait)
        except OSError as error:
            reason = f"{python} cannot be started to load the probes: {error}"
            remedy = PASSING.get(error.errno or 0, NO_BCC[1])
            may_pass = error.errno in PASSING
            raise CollectorUnavailable(reason, remedy, may_pass=may_pass) from error
        return _loaded(answer, descriptors, complaints)

    def _ask(
        self, python: str, request: Mapping[str, Any], on_wait: Callable[[float], None]
    ) -> tuple[dict[str, Any], list[int], bytes]:
        """Return answer, descriptors and messages of a loader that has exited.

        Raises:
            OSError: It cannot be started.
        """
        with contextlib.ExitStack() as stack:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            stack.enter_context(ours)
            stack.enter_context(theirs)
            ours.send(json.dumps(request).encode())
            process = self._start(python, theirs, request["probes"])
            stack.callback(self._end, process)
            assert process.stdout is not None  # noqa: S101 - of a pipe
            complaints = stack.enter_context(process.stdout)
            theirs.close()
            said = _wait(ours, complaints.fileno(), on_wait)
            answer, descriptors = _receive(ours)
            if answer is None:
                answer = self._obituary(process)
        return answer, descriptors, said

    def _start(
        self, python: str, channel: socket.socket, folder: str
    ) -> subprocess.Popen[bytes]:
        script = str(Path(__file__).with_name("loader_main.py"))
        command = [python, "-I", "-S", script, str(channel.fileno()), str(os.getpid())]
        with self._lock, children.stops_blocked():
            if self._given_up:
                raise CollectorUnavailable(*_GIVEN_UP)
            # No file for its messages: where every folder is full or read-only it
            # works all the same.
            self._process = process = subprocess.Popen(
                command,
                cwd=folder,
                env=children.environment(),
                pass_fds=[channel.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        lower_limit_of(process.pid)
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()
        with self._lock:
            self._process = None

    def _obituary(self, process: subprocess.Popen[bytes]) -> dict[str, Any]:
        """Return why a loader that hung up did not answer."""
        try:
            code = process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            return {"reason": "the loader of the probes hung up without an answer"}
        if self._given_up:
            return dict(zip(("reason", "remedy"), _GIVEN_UP, strict=True))
        if code >= 0:
            return {"reason": f"the loader of the probes exited with {code}"}
        remedy = _DEATHS.get(-code, "check the free memory, or update BCC")
        return {
            "reason": f"the loader of the probes was killed by {_signal_name(-code)}",
            "remedy": remedy,
            "may_pass": -code in (signal.SIGKILL, signal.SIGALRM, signal.SIGTERM),
        }


_GIVEN_UP: Final = ("loading was given up", "start it again")


def _wait(
    channel: socket.socket, complaints: int, on_wait: Callable[[float], None]
) -> bytes:
    """Return the messages until the loader answered or hung up."""
    started = time.monotonic()
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    poll.register(complaints, select.POLLIN)
    said = b""
    reported_s = _STEP_S
    while True:
        passed_s = time.monotonic() - started
        if passed_s >= reported_s:
            on_wait(passed_s)
            reported_s = passed_s + _STEP_S
        ready = dict(poll.poll(max(0.0, reported_s - passed_s) * 1000))
        if complaints in ready:
            data = os.read(complaints, _MOST_COMPLAINTS)
            said = (said + data)[-_MOST_COMPLAINTS:]
            if not data:
                poll.unregister(complaints)
        elif channel.fileno() in ready:
            return said


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _receive(channel: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """Return the answer, None where it hung up, and the descriptors with it.

    Raises:
        CollectorUnavailable: The limit of open files is too low for them.
    """
    rights = array.array("i")
    room = socket.CMSG_SPACE(_MOST_DESCRIPTORS * rights.itemsize)
    try:
        text, ancillary, flags, _ = channel.recvmsg(
            1 << 16, room, socket.MSG_CMSG_CLOEXEC
        )
    except ConnectionError:
        # It exited before it read the request.
        return None, []
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            rights.frombytes(data[: len(data) - len(data) % rights.itemsize])
    if flags & socket.MSG_CTRUNC:
        for descriptor in rights:
            os.close(descriptor)
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        reason = f"the limit of open files, {most}, is too low to take over the probes"
        raise CollectorUnavailable(reason, PASSING[errno.EMFILE], may_pass=True)
    try:
        return (json.loads(text) if text else None), list(rights)
    except ValueError:
        return {}, list(rights)


def _loaded(
    answer: dict[str, Any], descriptors: list[int], complaints: bytes
) -> Loaded:
    try:
        if "names" in answer:
            return Loaded(
                descriptors=dict(zip(answer["names"], descriptors, strict=True)),
                attachment=answer["attachment"],
                bcc=answer["bcc"],
                missing=tuple(answer["missing"]),
                is_compiled=answer["compiled"],
                memory_bytes=answer["memory_bytes"],
            )
        raw = answer["reason"].encode("utf-8", "surrogateescape")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        for descriptor in descriptors:
            os.close(descriptor)
        reason = "the loader of the probes gave an invalid answer"
        raise CollectorUnavailable(reason, "reinstall montauk") from error
    lines = [line for line in complaints.splitlines() if line.strip()]
    telling = next((line for line in lines if b"error" in line.lower()), b"")
    said = _one_line((telling or (lines[-1] if lines else b"")).strip())
    reason = _one_line(raw)
    remedy = answer.get("remedy", "check the requirements of your distribution's BCC")
    raise CollectorUnavailable(
        f"{reason} ({said})" if said else reason,
        remedy,
        may_pass=answer.get("may_pass", False),
    )


def _one_line(raw: bytes) -> str:
    return clean(raw[:_MOST_SAID])
