"""The file locks that a process holds or waits for (proc_locks(5)).

Locks held through a file are in that file's fdinfo, whichever process took them: a lock
of an open file description has no owner, and one of flock(2) is inherited. Locks that a
process waits for are in /proc/locks only.
"""

import os
import re
from pathlib import Path
from typing import Final, NamedTuple

from montauk_tui.collectors.procfs.details.subject import Subject, why
from montauk_tui.model.details import Section, Table, Value
from montauk_tui.model.text import clean

_MOST: Final = 1_000
_LIMIT: Final = 1 << 22
"""Bytes of /proc/locks; about 60,000 locks."""

_LINE: Final = re.compile(
    rb"^\s*\d{1,9}: (-> )?\s*(\S{1,16})\s+\S+\s+(\S{1,16}) (-?\d{1,10})"
    rb" ([0-9a-f]{1,8}):([0-9a-f]{1,8}):(\d{1,20}) (\d{1,20}) (\d{1,20}|EOF)\s*$"
)
_KINDS: Final = {"OFDLCK": "OFD"}


class Lock(NamedTuple):
    """A line about a lock."""

    kind: str
    mode: str
    waits: bool
    pid: int
    """The owner; -1 for an open file description."""
    file: tuple[int, int, int]
    """Major and minor number of the device, and the inode."""
    first: str
    last: str


def parse(line: bytes) -> Lock | None:
    """Return the lock of a line of /proc/locks, or of fdinfo behind `lock:`."""
    found = _LINE.match(line)
    if found is None:
        return None
    waits, kind, mode, pid, major, minor, inode, first, last = found.groups()
    name = clean(kind)
    return Lock(
        _KINDS.get(name, name),
        clean(mode).lower(),
        waits is not None,
        int(pid),
        (int(major, 16), int(minor, 16), int(inode)),
        clean(first),
        clean(last),
    )


def locks(subject: Subject) -> Section:
    """Return the locks of a process, the first 1,000."""
    listed, reason = _of_pid(subject)
    held, unread = _held(subject)
    rows = [_row(lock, str(fd), path) for fd, lock, path in held]
    known = {_same(lock) for _, lock, _ in held}
    others = [lock for lock in listed if lock.waits or _same(lock) not in known]
    if others:
        paths = _paths(subject)
        rows += [
            _row(lock, *paths.get(lock.file, ("", _number(lock)))) for lock in others
        ]
    more = len(rows) > _MOST
    note = f"{len(rows)}" + (f", the first {_MOST}" if more else "")
    section = Section("locks", "File locks", note=note)
    if not rows:
        said = unread or reason or "none"
        return Section(section.id, section.title, reason=said)
    titles = ("KIND", "MODE", "STATE", "FD", "BYTES", "NAME")
    table = Table(titles, tuple(rows[:_MOST]))
    return Section(section.id, section.title, table=table, note=note)


def _row(lock: Lock, fd: str, path: str) -> tuple[Value | None, ...]:
    reach = "all" if (lock.first, lock.last) == ("0", "EOF") else ""
    reach = reach or f"{lock.first}-{lock.last}"
    state = "waits" if lock.waits else "held"
    return (lock.kind, lock.mode, state, fd, reach, path)


def _same(lock: Lock) -> tuple[object, ...]:
    return (lock.kind, lock.mode, lock.file, lock.first, lock.last)


def _number(lock: Lock) -> str:
    major, minor, inode = lock.file
    return f"inode {inode} on device {major}:{minor}"


def _of_pid(subject: Subject) -> tuple[list[Lock], str]:
    """Return the locks of a process in /proc/locks, or why it cannot be read."""
    try:
        with Path(subject.root, "locks").open("rb") as file:
            text = file.read(_LIMIT)
    except OSError as error:
        return [], why(error)
    found = map(parse, text.splitlines())
    return [it for it in found if it and it.pid == subject.identity.pid], ""


def _held(subject: Subject) -> tuple[list[tuple[int, Lock, str]], str]:
    """Return the locks held through open files, or why these cannot be read."""
    try:
        numbers = subject.folder.numbers("fd")
    except OSError as error:
        return [], why(error)
    found: list[tuple[int, Lock, str]] = []
    for fd in numbers[:_MOST]:
        try:
            text = subject.folder.read(f"fdinfo/{fd}")
            lines = [it for it in text.splitlines() if it.startswith(b"lock:")]
            path = clean(subject.folder.link(f"fd/{fd}")) if lines else ""
        except OSError:
            # Closed meanwhile.
            continue
        parsed = (parse(line.partition(b":")[2]) for line in lines)
        found += [(fd, lock, path) for lock in parsed if lock]
    return found, ""


def _paths(subject: Subject) -> dict[tuple[int, int, int], tuple[str, str]]:
    """Return descriptor and name of each file that is mapped or open."""
    found: dict[tuple[int, int, int], tuple[str, str]] = {}
    try:
        for line in subject.folder.read("maps", _LIMIT).splitlines():
            words = line.split(None, 5)
            if len(words) > 5:  # noqa: PLR2004 - a path
                major, _, minor = words[3].partition(b":")
                key = (int(major, 16), int(minor, 16), int(words[4]))
                found[key] = ("", clean(words[5]))
    except (OSError, ValueError):
        found.clear()
    try:
        for fd in subject.folder.numbers("fd")[:_MOST]:
            status = subject.folder.stat(f"fd/{fd}")
            device = (os.major(status.st_dev), os.minor(status.st_dev))
            path = clean(subject.folder.link(f"fd/{fd}"))
            found[*device, status.st_ino] = (str(fd), path)
    except OSError:
        # What is known so far.
        return found
    return found
