"""Long lists about a process: environment and threads."""

import os
from typing import Final

from montauk_tui.collectors.procfs.details.subject import NO_MEMORY, Subject, why
from montauk_tui.collectors.procfs.stat import RawStat, parse_stats
from montauk_tui.model.details import (
    Amount,
    Datum,
    Section,
    Table,
    Unit,
    Value,
    command_section,
)
from montauk_tui.model.names import state_letter
from montauk_tui.model.text import clean

_ENVIRON_BYTES: Final = 1 << 18
_CMDLINE_BYTES: Final = 1 << 18
_MOST_THREADS: Final = 1_000
_HZ: Final = os.sysconf("SC_CLK_TCK")


def environment(subject: Subject) -> Section:
    """Return the environment a program was started with (proc_pid_environ(5))."""
    section = Section("environment", "Environment")
    if not subject.has_memory:
        return Section(section.id, section.title, reason=NO_MEMORY)
    try:
        raw = subject.folder.read("environ", _ENVIRON_BYTES)
    except OSError as error:
        return Section(section.id, section.title, reason=why(error))
    data = [_variable(part) for part in raw.split(b"\0") if part]
    note = f"{len(data)}, as the program was started"
    if len(raw) == _ENVIRON_BYTES:
        note += "; too long, cut"
    return Section(section.id, section.title, tuple(data), note=note, is_list=True)


def command_line(subject: Subject) -> Section:
    """Return the arguments, one below the other (proc_pid_cmdline(5))."""
    section = Section("command", "Command line")
    if not subject.has_memory:
        return Section(section.id, section.title, reason=NO_MEMORY)
    try:
        raw = subject.folder.read("cmdline", _CMDLINE_BYTES)
    except OSError as error:
        return Section(section.id, section.title, reason=why(error))
    return command_section(raw, is_cut=len(raw) == _CMDLINE_BYTES)


def _variable(part: bytes) -> Datum:
    """Return a variable; without the form NAME=value it has no name."""
    name, equals, value = part.partition(b"=")
    return Datum(clean(name), clean(value)) if equals else Datum("", clean(part))


def threads(subject: Subject) -> Section:
    """Return the threads, the first 1,000 (proc_pid_task(5))."""
    try:
        tids = subject.folder.numbers("task")
    except OSError as error:
        return Section("threads", "Threads", reason=why(error))
    raw: list[RawStat] = []
    for tid in tids[:_MOST_THREADS]:
        try:
            raw.append((tid, subject.folder.read(f"task/{tid}/stat", 2048)))
        except OSError:
            continue
    table = parse_stats(raw)
    rows: list[tuple[Value | None, ...]] = [
        (
            Amount(int(table.pid[row])),
            state_letter(int(table.state[row])) or "?",
            Amount((table.utime[row] + table.stime[row]).item() / _HZ, Unit.SECONDS),
            Amount(int(table.processor[row])),
            clean(bytes(table.comm[row])),
        )
        for row in range(len(table))
    ]
    more = len(tids) > _MOST_THREADS
    return Section(
        "threads",
        "Threads",
        table=Table(("TID", "S", "TIME+", "CPU", "NAME"), tuple(rows)),
        note=f"{len(tids)}" + (f", the first {_MOST_THREADS}" if more else ""),
    )
