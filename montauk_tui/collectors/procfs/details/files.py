"""The open files of a process (proc_pid_fd(5), proc_pid_fdinfo(5))."""

import os
import re
import stat
from typing import Final

from montauk_tui.collectors.procfs.details.sockets import socket_names
from montauk_tui.collectors.procfs.details.subject import Subject, fields, why
from montauk_tui.model.details import Amount, Section, Table, Unit, Value
from montauk_tui.model.text import clean

_MOST: Final = 1_000
_OCTAL_DIGITS: Final = 12
_SOCKET: Final = re.compile(rb"^socket:\[(\d{1,20})\]$")
_ACCESS: Final = {os.O_RDONLY: "r", os.O_WRONLY: "w", os.O_RDWR: "rw"}


def files(subject: Subject) -> Section:
    """Return the open files with type, mode and peers, the first 1,000."""
    try:
        numbers = subject.folder.numbers("fd")
    except OSError as error:
        return Section("files", "Open files", reason=why(error))
    targets: list[tuple[int, bytes]] = []
    reason = ""
    for fd in numbers[:_MOST]:
        try:
            targets.append((fd, subject.folder.link(f"fd/{fd}")))
        except OSError as error:
            # Closed meanwhile; or the folder may be listed and its links not be read.
            reason = why(error)
    sockets = {match[1] for _, to in targets if (match := _SOCKET.match(to))}
    names = socket_names(subject.folder, sockets)
    rows = tuple(_row(subject, fd, to, names) for fd, to in targets)
    more = len(numbers) - _MOST
    note = f"{len(numbers)}" + (f", the first {_MOST}" if more > 0 else "")
    table = Table(("FD", "TYPE", "MODE", "SIZE", "NAME"), rows)
    if not rows:
        return Section("files", "Open files", reason=reason or "none", note=note)
    return Section("files", "Open files", table=table, note=note)


def _row(
    subject: Subject, fd: int, to: bytes, names: dict[bytes, tuple[str, str]]
) -> tuple[Value | None, ...]:
    socket = _SOCKET.match(to)
    size: Value | None = ""
    if socket is not None:
        kind, name = names.get(socket[1], ("socket", clean(to)))
    else:
        kind, size = _kind(subject, fd, to)
        name = clean(to)
    return (Amount(fd), kind, _mode(subject, fd), size, name)


_ANONYMOUS: Final = "anon_inode:"
_KINDS: Final = {
    stat.S_IFDIR: "dir",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "disk",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
}


def _kind(subject: Subject, fd: int, to: bytes) -> tuple[str, Value | None]:
    """Return the type of a file, and its size where it has one."""
    text = clean(to)
    if text.startswith(_ANONYMOUS):
        name = text.removeprefix(_ANONYMOUS).strip("[]")
        return {"eventpoll": "epoll"}.get(name, name)[:12], ""
    if text.startswith("pipe:"):
        return "pipe", ""
    try:
        status = subject.folder.stat(f"fd/{fd}")
    except OSError:
        return "?", None
    kind = _KINDS.get(stat.S_IFMT(status.st_mode))
    if kind is not None:
        return kind, ""
    name = "memfd" if text.startswith("/memfd:") else "reg"
    return name, Amount(status.st_size, Unit.BYTES)


def _mode(subject: Subject, fd: int) -> str | None:
    """Return for what a file is open: `r`, `w`, `rw`."""
    try:
        flags = fields(subject.folder.read(f"fdinfo/{fd}", 4096)).get("flags", b"")
        return _ACCESS.get(int(flags[:_OCTAL_DIGITS], 8) & os.O_ACCMODE)
    except (OSError, ValueError):
        return None
