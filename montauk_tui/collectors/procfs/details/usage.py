"""CPU time, I/O and memory of a process, and its use of limits."""

import os
import re
from functools import partial
from typing import Final

from montauk_tui.collectors.procfs.details.subject import (
    TRACE,
    Subject,
    fields,
    is_number,
    number,
    size,
    tried,
    why,
)
from montauk_tui.collectors.procfs.enrich.counters import parse_io
from montauk_tui.model.details import USER_TASKS, Amount, Datum, Section, Unit
from montauk_tui.model.text import clean

_HZ: Final = os.sysconf("SC_CLK_TCK")


def read_io(subject: Subject) -> dict[str, float] | str:
    """Return the counters of proc_pid_io(5), or why they are not known."""
    try:
        text = subject.folder.read("io")
        return {name: float(count) for name, count in parse_io(text).items()}
    except (OSError, ValueError) as error:
        return why(error)


def usage(subject: Subject, io: dict[str, float] | str) -> Section:
    """Return CPU time, faults and I/O (proc_pid_stat(5), proc_pid_io(5))."""

    def seconds(field: str) -> Amount:
        return Amount(subject.number(field) / _HZ, Unit.SECONDS)

    data = [
        Datum("User CPU", seconds("utime")),
        Datum("System CPU", seconds("stime")),
        Datum("Children's CPU", Amount(
            (subject.number("cutime") + subject.number("cstime")) / _HZ, Unit.SECONDS)),
        Datum("Threads", Amount(subject.number("threads"))),
        Datum("Major faults", Amount(subject.number("majflt"))),
        Datum("Minor faults", Amount(subject.number("minflt"))),
    ]  # fmt: skip
    labels = {
        "read_bytes": "Read from storage",
        "write_bytes": "Written to storage",
        "rchar": "Read total",
        "wchar": "Written total",
    }
    for name, label in labels.items():
        if isinstance(io, str):
            data.append(Datum(label, reason=io))
        elif name in io:
            data.append(Datum(label, Amount(io[name], Unit.BYTES)))
    return Section("usage", "Use", tuple(data))


_LIMIT: Final = re.compile(rb"^Max (.+?)\s{2,}(\S+)\s+(\S+)", re.MULTILINE)

_BYTES: Final = {
    "stack size": "VmStk",
    "locked memory": "VmLck",
    "data size": "VmData",
    "address space": "VmSize",
    "resident set": "VmRSS",
}
"""Limits in bytes, and the line of the status file that counts against each."""

_LABELS: Final = {
    "processes": USER_TASKS,
    "cpu time": "CPU time",
    "nice priority": "Nice ceiling",
    "realtime priority": "Real-time priority",
}


def limits(subject: Subject) -> Section:
    """Return the limits of a process and its use of them (proc_pid_limits(5))."""
    try:
        text = subject.folder.read("limits")
    except OSError as error:
        return Section("limits", "Limits", reason=why(error))
    data: list[Datum] = []
    for name, soft, hard in _LIMIT.findall(text):
        data.append(_limit(subject, clean(name), clean(soft), clean(hard)))
    return Section(
        "limits", "Limits", tuple(data), note="use of soft limit", is_list=True
    )


def _limit(subject: Subject, name: str, soft: str, hard: str) -> Datum:
    label = _LABELS.get(name, name.capitalize())
    most = float(soft) if is_number(soft) else float("inf")
    note = f"hard {hard}" if hard != soft else ""
    if name in _BYTES:
        datum = size(label, partial(_status_bytes, subject, _BYTES[name]))
        used = datum.value.number if isinstance(datum.value, Amount) else float("nan")
        return Datum(label, Amount(used, Unit.BYTES, most))
    if name == "open files":
        datum = tried(label, lambda: Amount(len(subject.folder.names("fd"))))
        used = datum.value.number if isinstance(datum.value, Amount) else float("nan")
        is_near = used > most * 0.8
        return Datum(label, Amount(used, limit=most), note=note or datum.reason,
                     notable=is_near)  # fmt: skip
    if name == "cpu time":
        used = (subject.number("utime") + subject.number("stime")) / _HZ
        return Datum(label, Amount(used, Unit.SECONDS, most), note=note)
    if name == "pending signals":
        used = _queued_signals(subject)
        return Datum(label, Amount(used, limit=most), note=note)
    is_size = name.endswith(("size", "memory", "set"))
    unit = Unit.BYTES if is_size else Unit.COUNT
    return Datum(label, Amount(float("nan"), unit, most), note=note)


def _status_bytes(subject: Subject, name: str) -> float:
    return subject.status_bytes(name) if subject.has_memory else 0.0


def _queued_signals(subject: Subject) -> float:
    """Return how many signals are queued for the user, from `queued/limit`."""
    queued = clean(subject.status.get("SigQ", b"").partition(b"/")[0])
    return float(queued) if is_number(queued) else float("nan")


def memory(subject: Subject) -> Section:
    """Return the memory of a process (proc_pid_status(5), proc_pid_smaps(5))."""
    from montauk_tui.collectors.procfs.details.maps import maps_table  # noqa: PLC0415

    if not subject.has_memory:
        return Section("memory", "Memory", reason="none: a kernel thread, or a zombie")
    lines = {
        "VmRSS": "RSS",
        "VmHWM": "Peak RSS",
        "RssAnon": "RssAnon",
        "RssFile": "RssFile",
        "RssShmem": "RssShmem",
        "VmSize": "Virtual",
        "VmSwap": "Swap",
        "VmPTE": "Page tables",
        "HugetlbPages": "Huge pages",
    }
    data = [
        size(label, partial(subject.status_bytes, name))
        for name, label in lines.items()
    ]
    try:
        rollup = fields(subject.folder.read("smaps_rollup"))
    except OSError as error:
        data += [Datum(label, reason=why(error, TRACE)) for label in ("PSS", "USS")]
    else:
        data += [
            size("PSS", partial(_sum_of, rollup, "Pss")),
            size("USS", partial(_sum_of, rollup, "Private_Clean", "Private_Dirty")),
        ]
    table, reason = maps_table(subject)
    if reason:
        data.append(Datum("Maps", reason=reason))
    return Section("memory", "Memory", tuple(data), table)


def _sum_of(lines: dict[str, bytes], *names: str) -> float:
    return float(
        sum(number(clean(lines.get(n, b"").removesuffix(b" kB"))) for n in names) * 1024
    )
