"""The origin of a process: program, owner, terminal, and its ancestors."""

import os
import time
from functools import cache
from pathlib import Path
from typing import Final

from montauk_tui.collectors.procfs.details.subject import (
    NO_MEMORY,
    ProcessFolder,
    Subject,
    numbers,
    tried,
)
from montauk_tui.collectors.procfs.stat import parse_stats
from montauk_tui.collectors.users import read_names
from montauk_tui.model.details import Amount, Datum, Section, Unit
from montauk_tui.model.names import STATES, tty_name
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.text import clean

_CMDLINE_BYTES: Final = 1 << 16
_ANCESTORS: Final = 64
_USER_HZ: Final = os.sysconf("SC_CLK_TCK")


def origin(subject: Subject) -> Section:
    """Return the origin of a process (proc_pid_stat(5), proc_pid_status(5))."""
    return Section(
        "process",
        "Process",
        (
            tried("Command", lambda: _command(subject)),
            _link(subject, "Executable", "exe"),
            _link(subject, "Working folder", "cwd"),
            *_foreign_root(subject),
            Datum("Parents", _ancestors(subject)),
            *_numbers(subject),
            *_ids(subject),
        ),
    )


def _command(subject: Subject) -> str:
    raw = subject.folder.read("cmdline", _CMDLINE_BYTES)
    words = clean(raw.rstrip(b"\0 ").replace(b"\0", b" "))
    if words:
        return words + (" ... (cut)" if len(raw) == _CMDLINE_BYTES else "")
    name = clean(bytes(subject.stat.comm[0]))
    return name if subject.has_memory else f"[{name}]"


def _link(subject: Subject, label: str, name: str) -> Datum:
    if not subject.has_memory:
        return Datum(label, reason=NO_MEMORY)
    datum = tried(label, lambda: clean(subject.folder.link(name)))
    deleted = isinstance(datum.value, str) and datum.value.endswith(" (deleted)")
    return Datum(label, datum.value, datum.reason, notable=deleted)


def _foreign_root(subject: Subject) -> list[Datum]:
    """Return the root folder if it is not `/`."""
    datum = _link(subject, "Root folder", "root")
    return [datum] if datum.value not in ("/", None) else []


def _ancestors(subject: Subject) -> str:
    """Return the ancestors, the parent first, as the panel lists them."""
    names: list[str] = []
    seen = {subject.identity.pid}
    pid = subject.number("ppid")
    while pid > 0 and pid not in seen and len(seen) < _ANCESTORS:
        seen.add(pid)
        parent = _stat_of(subject.root, pid)
        if parent is None:
            names.append(f"- {pid}")
            break
        names.append(f"{clean(bytes(parent.comm[0]))} {pid}")
        pid = int(parent.ppid[0])
    return " < ".join(names) or "none"


def _stat_of(root: str, pid: int) -> ProcessTable | None:
    try:
        with ProcessFolder(root, pid) as folder:
            table = parse_stats([(pid, folder.read("stat"))])
    except OSError:
        return None
    return table if len(table) else None


def _numbers(subject: Subject) -> list[Datum]:
    letter, flags = subject.state, "kernel thread" if subject.stat.is_kernel[0] else ""
    age_s = (
        time.clock_gettime(time.CLOCK_BOOTTIME)
        - subject.identity.start_ticks / _USER_HZ
    )
    # Whole seconds: the two clocks are not read together.
    started = Amount(round(time.time() - age_s), Unit.MOMENT)
    tty = subject.number("tty")
    return [
        Datum("PID", str(subject.identity.pid), note=flags),
        Datum("Parent", str(subject.number("ppid"))),
        Datum(
            "State",
            f"{letter} {STATES.get(letter, '')}".rstrip(),
            notable=letter in "DZTt",
        ),
        Datum("Terminal", tty_name(tty) if tty else "none"),
        Datum("Started", started),
        Datum("Age", Amount(max(0.0, age_s), Unit.DURATION)),
        Datum("Session", str(subject.number("session"))),
        Datum("Process group", str(subject.number("pgrp"))),
        *_inner_pids(subject),
    ]


def _inner_pids(subject: Subject) -> list[Datum]:
    """Return the pids that it has in PID namespaces of its own."""
    inner = subject.status.get("NSpid", b"").split()[1:]
    text = " ".join(clean(pid) for pid in inner)
    return [Datum("PID inside", text)] if inner else []


def _ids(subject: Subject) -> list[Datum]:
    def group(gid: int) -> str:
        return group_names().get(gid, str(gid))

    def triple(line: str) -> str:
        ids = numbers(subject.status_text(line))[:3]
        name = subject.user if line == "Uid" else group
        named = [
            f"{name(one)} {one}" if name(one) != str(one) else str(one) for one in ids
        ]
        if len(set(ids)) == 1:
            return named[0]
        kinds = ("real", "effective", "saved")
        return ", ".join(map("{} {}".format, kinds, named))

    def others() -> str:
        listed = numbers(subject.status_text("Groups"))
        return " ".join(map(group, listed)) or "none"

    return [
        tried("User", lambda: triple("Uid")),
        tried("Group", lambda: triple("Gid")),
        tried("More groups", others),
    ]


@cache
def group_names() -> dict[int, str]:
    """Return the names in /etc/group (group(5)); no directory service is asked."""
    return read_names(Path("/etc/group"))
