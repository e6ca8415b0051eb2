"""What a recording has of one process, in the sections of its details."""

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from montauk_tui.model.details import (
    Amount,
    Datum,
    Details,
    Section,
    Table,
    Unit,
    Value,
    command_section,
    with_missing,
)
from montauk_tui.model.lookups import Lookups
from montauk_tui.model.names import POLICIES, STATES, state_letter, tty_name
from montauk_tui.model.recording import Moment
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import NO_START, UNKNOWN
from montauk_tui.model.text import clean

WHY_MISSING: Final = (
    "a recording has what is read of every process; these are read of one, when its "
    "details are shown live"
)

_NOTABLE_STATES: Final = "DZTt"
_MOST_ANCESTORS: Final = 64


def recorded_details(moment: Moment, row: int, lookups: Lookups) -> Details:
    """Return what is known of the process of a row of a moment.

    A value that was not recorded is left out, and the sections without any are named.
    """
    sample = moment.sample
    table = sample.processes
    identity = table.identity(row)
    sections = [
        Section("process", "Process", tuple(_origin(moment, row, lookups))),
        Section("usage", "Use", tuple(_usage(moment, row))),
        _memory(moment, row),
        Section("scheduling", "Scheduling", tuple(_scheduling(moment, row))),
        Section("cgroup", "Cgroup", tuple(_cgroup(moment, row, lookups))),
        _threads(moment, row),
    ]
    arguments = moment.answers.arguments.get(identity)
    if arguments is not None:
        sections.append(command_section(arguments.raw, is_cut=arguments.is_cut))
    known = tuple(part for part in sections if part.data or part.table or part.reason)
    return Details(
        identity=identity,
        name=clean(bytes(table.comm[row])),
        uid=int(table.uid[row]),
        monotonic_s=sample.monotonic_s,
        sections=with_missing(known, "Not recorded", WHY_MISSING),
        read_bytes=_float(table, "read_bytes", row),
        write_bytes=_float(table, "write_bytes", row),
        is_read=False,
    )


def _number(table: ProcessTable, name: str, row: int) -> int | None:
    number = int(getattr(table, name)[row])
    return None if number == UNKNOWN else number


def _float(table: ProcessTable, name: str, row: int) -> float:
    number = _number(table, name, row)
    return math.nan if number is None else float(number)


def _amount(
    label: str, number: float | None, unit: Unit = Unit.COUNT
) -> Iterator[Datum]:
    if number is not None:
        yield Datum(label, Amount(number, unit))


def _text(label: str, number: int | None) -> Iterator[Datum]:
    """Yield a number that counts nothing, such as an id."""
    if number is not None:
        yield Datum(label, str(number))


def _origin(moment: Moment, row: int, lookups: Lookups) -> Iterator[Datum]:
    sample = moment.sample
    table = sample.processes
    identity = table.identity(row)
    yield Datum("Command", lookups.command(identity, bytes(table.comm[row])).text)
    if parents := _parents(table, row):
        yield Datum("Parents", parents)
    flags = "kernel thread" if table.is_kernel[row] else ""
    yield Datum("PID", str(identity.pid), note=flags)
    yield from _text("Parent", _number(table, "ppid", row))
    if letter := state_letter(int(table.state[row])):
        words = f"{letter} {STATES.get(letter, '')}".rstrip()
        yield Datum("State", words, notable=letter in _NOTABLE_STATES)
    if (tty := _number(table, "tty", row)) is not None:
        yield Datum("Terminal", tty_name(tty) if tty else "none")
    if identity.start_ticks not in (UNKNOWN, NO_START):
        started_s = sample.booted_at_s + identity.start_ticks / sample.user_hz
        age_s = sample.boot_s - identity.start_ticks / sample.user_hz
        yield Datum("Started", Amount(started_s, Unit.MOMENT))
        yield Datum("Age", Amount(max(0.0, age_s), Unit.DURATION))
    yield from _text("Session", _number(table, "session", row))
    yield from _text("Process group", _number(table, "pgrp", row))
    if (uid := _number(table, "uid", row)) is not None:
        name = lookups.user(uid)
        yield Datum("User", name if name == str(uid) else f"{name} {uid}")


def _parents(table: ProcessTable, row: int) -> str:
    """Return the ancestors, the parent first, as the panel lists them."""
    names: list[str] = []
    seen = {int(table.pid[row])}
    pid = _number(table, "ppid", row)
    while pid is not None and pid > 0 and pid not in seen:
        if len(names) == _MOST_ANCESTORS:
            break
        seen.add(pid)
        above = table.row_of_pid(pid)
        if above is None:
            names.append(f"- {pid}")
            break
        names.append(f"{clean(bytes(table.comm[above]))} {pid}")
        pid = _number(table, "ppid", above)
    return " < ".join(names)


def _usage(moment: Moment, row: int) -> Iterator[Datum]:
    table, hz = moment.sample.processes, moment.sample.ticks_per_second
    for label, names in (
        ("User CPU", ("utime",)),
        ("System CPU", ("stime",)),
        ("Children's CPU", ("cutime", "cstime")),
    ):
        ticks = [_number(table, name, row) for name in names]
        known = [number for number in ticks if number is not None]
        if len(known) == len(ticks):
            yield Datum(label, Amount(sum(known) / hz, Unit.SECONDS))
    yield from _amount("Threads", _number(table, "threads", row))
    yield from _amount("Major faults", _number(table, "majflt", row))
    yield from _amount("Minor faults", _number(table, "minflt", row))
    for label, name in (
        ("Read from storage", "read_bytes"),
        ("Written to storage", "write_bytes"),
        ("Read total", "rchar"),
        ("Written total", "wchar"),
    ):
        yield from _amount(label, _number(table, name, row), Unit.BYTES)


def _memory(moment: Moment, row: int) -> Section:
    table = moment.sample.processes
    if table.is_kernel[row]:
        return Section("memory", "Memory", reason="none: a kernel thread")
    shared = moment.answers.shared_bytes.get(table.identity(row))
    if shared is None:
        shared = _number(table, "shared_bytes", row)
    data = (
        *_amount("RSS", _number(table, "rss_bytes", row), Unit.BYTES),
        *_amount("Virtual", _number(table, "virt_bytes", row), Unit.BYTES),
        *_amount("Shared", shared, Unit.BYTES),
    )
    return Section("memory", "Memory", data)


def _scheduling(moment: Moment, row: int) -> Iterator[Datum]:
    table = moment.sample.processes
    if (policy := _number(table, "policy", row)) is not None:
        yield Datum("Policy", POLICIES.get(policy, str(policy)), notable=policy != 0)
    yield from _text("Nice", _number(table, "nice", row))
    yield from _text("Priority", _number(table, "priority", row))
    yield from _text("Real-time priority", _number(table, "rt_priority", row))
    yield from _text("Last CPU", _number(table, "processor", row))
    voluntary = _number(table, "voluntary_switches", row)
    yield from _amount("Voluntary switches", voluntary)
    involuntary = _number(table, "involuntary_switches", row)
    yield from _amount("Involuntary switches", involuntary)
    if (waited_ns := _number(table, "run_delay_ns", row)) is not None:
        yield Datum("Waited for a CPU", Amount(waited_ns / 1e9, Unit.DURATION))


def _cgroup(moment: Moment, row: int, lookups: Lookups) -> Iterator[Datum]:
    number = _number(moment.sample.processes, "cgroup_id", row)
    if number is not None:
        yield Datum("Path", lookups.cgroup(number))


def _threads(moment: Moment, row: int) -> Section:
    """Return the threads, empty if they were not sampled."""
    table, hz = moment.sample.processes, moment.sample.ticks_per_second
    own = np.flatnonzero((table.tgid == table.pid[row]) & ~table.is_process)
    rows: list[tuple[Value | None, ...]] = []
    for at in own.tolist():
        times = [_number(table, name, at) for name in ("utime", "stime")]
        used = [ticks for ticks in times if ticks is not None]
        whole = len(used) == len(times)
        cpu = _number(table, "processor", at)
        rows.append((
            Amount(int(table.pid[at])),
            state_letter(int(table.state[at])) or "?",
            Amount(sum(used) / hz, Unit.SECONDS) if whole else None,
            None if cpu is None else Amount(cpu),
            clean(bytes(table.comm[at])),
        ))  # fmt: skip
    titles = ("TID", "S", "TIME+", "CPU", "NAME")
    listed = Table(titles, tuple(rows)) if rows else None
    return Section("threads", "Threads", table=listed, note=f"{len(rows)}")
