"""Starts the loader process and takes over what it loaded."""

import array
import contextlib
import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from montauk_tui.errors import CollectorUnavailable
from montauk_tui.model.text import clean

_PATIENCE_S: Final = 10.0
_MOST_DESCRIPTORS: Final = 32

_INTERPRETERS: Final = (
    "/usr/bin/python3",
    "/usr/libexec/platform-python",
    "/bin/python3",
)
_PACKAGES: Final = (
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
    """Fields that this kernel does not have, as struct.field."""

    def close(self) -> None:
        """Detach and free everything."""
        for descriptor in self.descriptors.values():
            with contextlib.suppress(OSError):
                os.close(descriptor)


def interpreter() -> str | None:
    """Return an interpreter that has BCC, found without starting it."""
    has_bcc = any(
        next(Path("/").glob(f"{pattern[1:]}/bcc/libbcc.py"), None)
        for pattern in _PACKAGES
    )
    if not has_bcc:
        return None
    return next((path for path in _INTERPRETERS if os.access(path, os.X_OK)), None)


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
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, tempfile.TemporaryFile() as complaints:
        ours.settimeout(_PATIENCE_S)
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
        except TimeoutError as error:
            reason = (
                f"the loader of the probes did not answer within {_PATIENCE_S:.0f} s"
            )
            raise CollectorUnavailable(
                reason, "try again on a calmer machine"
            ) from error
        finally:
            process.kill()
            process.wait()
        return _loaded(answer, descriptors, complaints)


def _receive(channel: socket.socket) -> tuple[dict[str, Any], list[int]]:
    rights = array.array("i")
    room = socket.CMSG_SPACE(_MOST_DESCRIPTORS * rights.itemsize)
    text, ancillary, _, _ = channel.recvmsg(1 << 16, room)
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            rights.frombytes(data[: len(data) - len(data) % rights.itemsize])
    for descriptor in rights:
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - as os has it
    return (json.loads(text) if text else {}), list(rights)


def _loaded(answer: dict[str, Any], descriptors: list[int], complaints: Any) -> Loaded:
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
    said = clean((telling or (lines[-1] if lines else b""))[:200])
    reason = answer.get("reason", "the loader of the probes ended without an answer")
    remedy = answer.get("remedy", "look at what your distribution's BCC needs")
    raise CollectorUnavailable(f"{reason} ({said})" if said else reason, remedy)
