"""Events as log records, before they are encoded.

https://opentelemetry.io/docs/specs/otel/logs/data-model/
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

from montauk_tui import __version__
from montauk_tui.engine.causes import how
from montauk_tui.engine.units import exit_status_text
from montauk_tui.export.event_lines import Event
from montauk_tui.export.fields import flag, known, seconds, text
from montauk_tui.export.killed_by import death_of, sentence_of
from montauk_tui.export.otlp.names import (
    EVENT_EXEC,
    EVENT_EXEC_FAILED,
    EVENT_EXIT,
    EVENT_LOST,
)
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.lookups import Lookups
from montauk_tui.recorder.writer import this_host

Value = bool | int | float | str | list[str]
Attributes = Mapping[str, Value]

INFO: Final = 9
WARN: Final = 13
"""Numbers of severities."""

SEVERITIES: Final = {INFO: "INFO", WARN: "WARN"}

_NS: Final = 10**9


class Record(NamedTuple):
    """A log record."""

    name: str
    """Its event name."""
    time_ns: int
    """When it happened, since 1970; 0 for unknown."""
    observed_ns: int
    severity: int
    body: str
    attributes: Attributes


def resource(hostname: str, *, is_live: bool) -> Attributes:
    """Return the attributes of the host.

    Args:
        hostname: Its name.
        is_live: Whether it is this machine, rather than that of a recording.
    """
    here = this_host() if is_live else {}
    found = {
        "service.name": "montauk",
        "service.version": __version__,
        "host.name": hostname,
        "host.id": here.get("machine_id", ""),
        "os.type": "linux",
        "montauk.boot.id": here.get("boot_id", ""),
    }
    return {name: value for name, value in found.items() if value}


def record_of(event: Event, lookups: Lookups, *, arguments: bool) -> Record:
    """Return the record of an exec, of one that failed, or of an exit.

    Args:
        event: Which one.
        lookups: Names users and cgroups.
        arguments: Whether it has the arguments, which may hold secrets.
    """
    end, row, sample = event.end, event.row, event.sample
    attributes = {
        name: value
        for name, value in _attributes(event, lookups, arguments=arguments)
        if value is not None
    }
    comm = text(bytes(event.table.comm[row]))
    name, severity, body = EVENT_EXEC, INFO, f"exec {comm}"
    if event.error is not None:
        # A search for a program along PATH makes some: no reason for a warning.
        name = EVENT_EXEC_FAILED
        file = text(bytes(event.table.exe[row]))
        body = f"exec of {file or 'a file'} by {comm}: {event.error}"
    if end is not None:
        status = _status(end, row)
        is_fine = status == "0"
        name, severity = EVENT_EXIT, INFO if is_fine else WARN
        body = f"exit {comm}: {status}"
    return Record(
        name,
        0 if event.time_s is None else round(event.time_s * _NS),
        round(sample.time_s * _NS),
        severity,
        body,
        attributes,
    )


def lost_record(where: str, count: int, now_ns: int) -> Record:
    """Return the record that says how many events were lost."""
    attributes: Attributes = {"montauk.lost.where": where, "montauk.lost.count": count}
    body = f"{count} events lost"
    return Record(EVENT_LOST, now_ns, now_ns, WARN, body, attributes)


def _attributes(
    event: Event, lookups: Lookups, *, arguments: bool
) -> Iterator[tuple[str, Value | None]]:
    table, row, sample = event.table, event.row, event.sample
    uid = known(table.uid[row])
    start_s = seconds(table.start_ticks[row], sample.user_hz)
    started_s = None if start_s is None else sample.booted_at_s + start_s
    yield "process.pid", int(table.pid[row])
    yield "process.creation.time", _iso(started_s)
    yield "process.parent_pid", known(table.ppid[row])
    yield "process.user.id", uid
    yield "process.user.name", None if uid is None else lookups.user(uid)
    yield "process.executable.name", text(bytes(table.comm[row])) or None
    yield "process.executable.path", text(bytes(table.exe[row])) or None
    cmdline = event.cmdline
    if arguments and cmdline is not None:
        yield "process.command_args", text(cmdline.removesuffix(b"\0")).split("\0")
        yield "montauk.command_args.cut", event.is_cut
    yield "error.type", event.error
    if event.end is not None:
        yield from _of_exit(event, event.end, lookups)


def _of_exit(
    event: Event, end: ExitTable, lookups: Lookups
) -> Iterator[tuple[str, Value | None]]:
    row, cgroup = event.row, known(end.cgroup_id[event.row])
    death = death_of(end, row)
    yield "process.linux.cgroup", None if cgroup is None else lookups.cgroup(cgroup)
    yield "process.exit.code", known(end.exit_code[row])
    yield "process.exit.time", _iso(event.time_s)
    yield "montauk.exit.signal", known(end.exit_signal[row])
    yield "montauk.exit.core_dumped", flag(end.core_dumped[row])
    yield "montauk.lifetime.seconds", seconds(end.lifetime_ns[row], _NS)
    yield "montauk.cpu.user.seconds", seconds(end.utime_ns[row], _NS)
    yield "montauk.cpu.system.seconds", seconds(end.stime_ns[row], _NS)
    yield "montauk.memory.peak.bytes", known(end.peak_rss_bytes[row])
    yield "montauk.disk.read.bytes", known(end.read_bytes[row])
    yield "montauk.disk.written.bytes", known(end.write_bytes[row])
    yield "montauk.threads", known(end.threads[row])
    yield "montauk.killed.how", None if death is None else how(death).value
    yield "montauk.killed.text", sentence_of(end, row, lookups.user) or None


def _status(end: ExitTable, row: int) -> str:
    """Return the status as text, `unknown` where it is."""
    code, number = known(end.exit_code[row]), known(end.exit_signal[row])
    if number is not None:
        return exit_status_text(number | (0x80 if flag(end.core_dumped[row]) else 0))
    return "unknown" if code is None else str(code)


def _iso(time_s: float | None) -> str | None:
    if time_s is None:
        return None
    try:
        return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="microseconds")
    except (OverflowError, ValueError):
        return None
