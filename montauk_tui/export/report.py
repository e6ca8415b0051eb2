"""`montauk report`: who used what in a part of a recording."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from montauk_tui.engine.groups.criteria import CRITERIA
from montauk_tui.engine.groups.usage import usage_of_groups
from montauk_tui.engine.units import bytes_text, count_text
from montauk_tui.errors import RecordingEnded
from montauk_tui.export.output import write_stdout
from montauk_tui.host.base import Host
from montauk_tui.model.frame import Frame, Ledger
from montauk_tui.model.schema import Need
from montauk_tui.model.text import fit

SCHEMA: Final = 1
_NAME_CELLS: Final = 40


@dataclass(slots=True)
class Used:
    """What one group used."""

    live_s: float = 0.0
    exited_s: float = 0.0
    exits: int = 0
    failures: int = 0
    peak_rss_bytes: float = 0.0

    @property
    def cpu_s(self) -> float:
        """CPU-seconds of live and exited processes."""
        return self.live_s + self.exited_s


@dataclass(slots=True)
class Report:
    """Sums over the frames that were added."""

    by: str
    """The id of a criterion of groups."""
    groups: dict[str, Used] = field(default_factory=dict)
    busy_s: float = 0.0
    interrupts_s: float = 0.0
    unexplained_s: float = 0.0
    covered_s: float = 0.0
    """Time in the intervals between samples."""
    samples: int = 0
    lost: int = 0
    begin_s: float = 0.0
    end_s: float = 0.0
    hostname: str = ""

    def begin(self, frame: Frame) -> None:
        """Begin at the end of the interval of a frame."""
        sample = frame.sample
        self.begin_s = self.end_s = sample.time_s
        self.hostname = sample.host.hostname

    def add(self, frame: Frame) -> None:
        """Add the interval of a frame."""
        self.end_s = frame.sample.time_s
        if frame.interval_s is None or frame.ledger is None:
            return
        self.samples += 1
        self.covered_s += frame.interval_s
        self._add_ledger(frame.ledger)
        usage = usage_of_groups(frame, CRITERIA[self.by])
        for name, live_s, exited_s, exits, failures, rss in zip(
            usage.names, *(column.tolist() for column in usage[1:]), strict=True
        ):
            used = self.groups.setdefault(name, Used())
            used.live_s += live_s
            used.exited_s += exited_s
            used.exits += int(exits)
            used.failures += int(failures)
            used.peak_rss_bytes = max(used.peak_rss_bytes, rss)

    def _add_ledger(self, ledger: Ledger) -> None:
        self.busy_s += ledger.busy_s
        self.interrupts_s += ledger.interrupts_s
        self.unexplained_s += ledger.unexplained_s

    def ordered(self) -> list[tuple[str, Used]]:
        """Return the groups, those with the most CPU time first."""
        return sorted(self.groups.items(), key=lambda it: (-it[1].cpu_s, it[0]))


def report_of(host: Host, by: str) -> Report:
    """Return the report of all frames of a host, which is a recording."""
    report = Report(by)
    frame = host.next_frame(Need.NONE)
    report.begin(frame)
    while True:
        before = frame
        try:
            frame = host.next_frame(Need.NONE)
        except RecordingEnded:
            return report
        report.add(frame)
        # Another collector counts from its own start.
        lost = frame.sample.counters.lost - before.sample.counters.lost
        report.lost += max(0, lost)


def write_text(report: Report, limit: int | None) -> None:
    """Print a table, with what the CPUs did above it."""
    share = 100 / report.busy_s if report.busy_s else 0.0
    write_stdout(
        f"{report.hostname}  {_clock(report.begin_s)} to {_clock(report.end_s)}  "
        f"{report.samples:,} intervals, {report.covered_s:,.0f} s, "
        f"{report.lost:,} events lost\n"
        f"CPU busy {report.busy_s:,.1f} s: interrupts {report.interrupts_s:,.1f}, "
        f"unexplained {report.unexplained_s:,.1f}\n"
        f"\n{report.by:{_NAME_CELLS}}      CPU s      %   exited s    exits"
        "   failed  peak RSS"
    )
    for name, used in report.ordered()[:limit]:
        write_stdout(
            f"{fit(name, _NAME_CELLS)} {used.cpu_s:10,.1f} {used.cpu_s * share:6.1f} "
            f"{used.exited_s:10,.1f} {count_text(used.exits):>8} "
            f"{count_text(used.failures):>8} {bytes_text(used.peak_rss_bytes):>9}"
        )


def write_json(report: Report, limit: int | None) -> None:
    """Print one object on one line."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "host": report.hostname,
        "from": round(report.begin_s, 3),
        "to": round(report.end_s, 3),
        "covered_s": round(report.covered_s, 3),
        "intervals": report.samples,
        "lost": report.lost,
        "busy_s": round(report.busy_s, 6),
        "interrupts_s": round(report.interrupts_s, 6),
        "unexplained_s": round(report.unexplained_s, 6),
        "by": report.by,
        "groups": [
            {
                "name": name,
                "cpu_s": round(used.cpu_s, 6),
                "exited_s": round(used.exited_s, 6),
                "exits": used.exits,
                "failures": used.failures,
                "peak_rss_bytes": int(used.peak_rss_bytes),
            }
            for name, used in report.ordered()[:limit]
        ],
    }
    write_stdout(json.dumps(document, allow_nan=False))


def _clock(time_s: float) -> str:
    from datetime import datetime  # noqa: PLC0415 - only for text

    return f"{datetime.fromtimestamp(time_s).astimezone():%Y-%m-%d %H:%M:%S}"
