"""Starts the loader process and takes over what it loaded."""

import array
import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from montauk_tui.errors import CollectorUnavailable
from montauk_tui.model.text import clean

PATIENCE_S = 10.0
"""How long a loader may take; a compile takes 0.3 s."""
_MOST_DESCRIPTORS: Final = 32
_MOST_SAID: Final = 200
"""Bytes of what BCC or the kernel says that are passed on."""

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


@dataclass(frozen=True, slots=True)
class Loaded:
    """The probes of this process: closing the descriptors removes them."""

    descriptors: Mapping[str, int]
    """lives, forks, frees and counts are maps, iterator a link; the rest hooks."""
    attachment: str
    """kprobes or tracepoints."""
    bcc: str
    """Version of BCC."""
    missing: tuple[str, ...]
    """Fields that this kernel does not have, by their macros in layout.py."""

    def close(self) -> None:
        """Detach and free everything."""
        for descriptor in self.descriptors.values():
            with contextlib.suppress(OSError):
                os.close(descriptor)


def interpreter(
    packages: Sequence[str] = PACKAGES, interpreters: Sequence[str] = INTERPRETERS
) -> str | None:
    """Return an interpreter that has BCC, found without starting it."""
    has_bcc = any(
        next(Path("/").glob(f"{pattern[1:]}/bcc/libbcc.py"), None)
        for pattern in packages
    )
    if not has_bcc:
        return None
    return next((path for path in interpreters if os.access(path, os.X_OK)), None)


def load(
    probes: Path, defines: Mapping[str, int], attachment: str, python: str | None = None
) -> Loaded:
    """Return the probes, compiled, loaded and attached by a process that has ended.

    Args:
        probes: The folder of the C files.
        defines: Macros that they are compiled with.
        attachment: kprobes, tracepoints, or auto for the best there is.
        python: The interpreter that has BCC.

    Raises:
        CollectorUnavailable: With the reason and the remedy the loader gave.
    """
    python = python or interpreter()
    if python is None:
        raise CollectorUnavailable(*NO_BCC)
    request = {
        "probes": str(probes),
        "defines": dict(defines),
        "attachment": attachment,
    }
    try:
        with tempfile.TemporaryFile() as complaints:
            answer, descriptors = _ask(python, request, complaints)
            return _loaded(answer, descriptors, complaints)
    except TimeoutError as error:
        reason = f"the loader of the probes did not answer within {PATIENCE_S:g} s"
        raise CollectorUnavailable(reason, "try again on a calmer machine") from error
    except OSError as error:
        reason = f"{python} cannot be started to load the probes: {error}"
        raise CollectorUnavailable(reason, NO_BCC[1]) from error


def _ask(
    python: str, request: Mapping[str, Any], complaints: IO[bytes]
) -> tuple[dict[str, Any], list[int]]:
    """Return the answer of a loader that has ended, or one that says how it ended.

    Raises:
        TimeoutError: It takes too long.
        OSError: It cannot be started.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        ours.settimeout(PATIENCE_S)
        ours.send(json.dumps(request).encode())
        with theirs:
            script = Path(__file__).with_name("loader_main.py")
            process = subprocess.Popen(
                [python, "-I", str(script), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=complaints,
                stderr=complaints,
                start_new_session=True,
            )
        try:
            answer, descriptors = _receive(ours)
            if not answer:
                answer = _obituary(process)
        finally:
            process.kill()
            process.wait()
    return answer, descriptors


def _obituary(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Return why a loader that hung up did not answer."""
    try:
        code = process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired as error:
        raise TimeoutError from error
    if code >= 0:
        return {"reason": f"the loader of the probes ended with code {code}"}
    return {
        "reason": f"the loader of the probes was killed by {_signal_name(-code)}",
        "remedy": "try again; look whether memory is short",
    }


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _receive(channel: socket.socket) -> tuple[dict[str, Any], list[int]]:
    rights = array.array("i")
    room = socket.CMSG_SPACE(_MOST_DESCRIPTORS * rights.itemsize)
    try:
        text, ancillary, _, _ = channel.recvmsg(1 << 16, room)
    except ConnectionError:
        # It ended before it read the request.
        return {}, []
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            rights.frombytes(data[: len(data) - len(data) % rights.itemsize])
    for descriptor in rights:
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - as os has it
    return (json.loads(text) if text else {}), list(rights)


def _loaded(
    answer: dict[str, Any], descriptors: list[int], complaints: IO[bytes]
) -> Loaded:
    if "names" in answer:
        return Loaded(
            descriptors=dict(zip(answer["names"], descriptors, strict=True)),
            attachment=answer["attachment"],
            bcc=answer["bcc"],
            missing=tuple(answer["missing"]),
        )
    complaints.seek(0)
    lines = [line for line in complaints.read().splitlines() if line.strip()]
    telling = next((line for line in lines if b"error" in line.lower()), b"")
    said = _one_line((telling or (lines[-1] if lines else b"")).strip())
    reason = _one_line(answer["reason"].encode("utf-8", "surrogateescape"))
    remedy = answer.get("remedy", "look at what your distribution's BCC needs")
    raise CollectorUnavailable(f"{reason} ({said})" if said else reason, remedy)


def _one_line(raw: bytes) -> str:
    return clean(raw[:_MOST_SAID])
