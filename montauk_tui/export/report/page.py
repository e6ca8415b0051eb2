"""A report as one static page of HTML, which loads nothing and runs nothing.

Every text of a recording is made visible by `model.text`, escaped here, and isolated
from the direction of the text around it.
"""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape
from typing import Final

from montauk_tui import __version__
from montauk_tui.engine.units import NOTHING_KNOWN
from montauk_tui.engine.usage.report import TREE, Report
from montauk_tui.export.report.chart import Chart, Rest, Size
from montauk_tui.export.report.reading import counted_text, not_seen
from montauk_tui.export.report.style import CSS
from montauk_tui.export.report.tables import TITLES, safe, section, shown
from montauk_tui.export.report.text import (
    collectors,
    moment,
    seconds_text,
)
from montauk_tui.export.report.timeline import Columns

SECTIONS: Final = ("program", "cgroup", "user", TREE)
"""What a page sums up by."""
WIDE: Final = Size("wide", 1080, 190, 76, 9)
NARROW: Final = Size("narrow", 400, 150, 64, 4)
COLUMNS: Final = 480
"""Most columns of the wide timeline."""
NARROW_COLUMNS: Final = 120
_MUCH: Final = 0.05
"""Share of the busy time, as in docs/design.md."""


def page(
    report: Report,
    timelines: tuple[Columns, Columns],
    gaps: Sequence[tuple[float, float]],
    limit: int | None,
) -> str:
    """Return the page.

    Args:
        report: With sums by all of `SECTIONS`.
        timelines: With many columns, and with few.
        gaps: Begin and end of each time that was not recorded.
        limit: Most rows of a table.
    """
    title = f"{_host(report)}: who used the CPUs, {_when(report)}"
    return "\n".join(
        [
            _head(title),
            "<body><main>",
            *_header(report, gaps),
            *_time(report, timelines, gaps),
            *(line for by in SECTIONS for line in section(report, by, limit)),
            *_footer(report),
            "</main></body></html>\n",
        ]
    )


def _head(title: str) -> str:
    digest = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'"
    )
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="montauk {__version__}">
<title>{escape(title)}</title>
<style>{CSS}</style></head>"""


def _host(report: Report) -> str:
    return shown(report.hostname)


def _when(report: Report) -> str:
    begin, end = moment(report.begin_s), moment(report.end_s)
    day, _, clock = end.partition(" ")
    return f"{begin} to {clock if begin.startswith(day) else end}"


def _length(seconds: float) -> str:
    """Return a time in its two largest units: `2 d 3 h`, `10 min 0 s`, `15 s`."""
    minutes, second = divmod(round(max(seconds, 0.0)), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days} d {hour} h"
    if hours:
        return f"{hour} h {minute} min"
    return f"{minute} min {second} s" if minutes else f"{second} s"


def _header(report: Report, gaps: Sequence[tuple[float, float]]) -> Iterator[str]:
    totals = report.totals
    length = _length(report.end_s - report.begin_s)
    yield f"<header><h1>{safe(report.hostname)}</h1>"
    yield f'<p class="when">Who used the CPUs, {_when(report)} ({length})</p>'
    links = "".join(f'<a href="#{by}">{name}</a>' for by, name in TITLES.items())
    yield f"<nav>{links}</nav>"
    yield "</header>"
    yield f'<dl class="facts">{"".join(_facts(report))}</dl>'
    missing = not_seen(totals, gaps)
    if missing:
        yield f'<p class="missing">Not seen: {escape(", ".join(missing))}.</p>'
    else:
        yield (
            '<p class="missing seen">Nothing is missing: no event lost, no sample '
            "damaged, no gap.</p>"
        )


def _facts(report: Report) -> Iterator[str]:
    totals = report.totals
    used_s = totals.live_s + totals.exited_s
    exits = sum(used.exits for _, used in report.groups["program"].ordered())
    failures = sum(used.failures for _, used in report.groups["program"].ordered())
    sees = totals.sees_exits
    samples = counted_text(totals.intervals + 1, "sample")
    for name, value, more in (
        (
            "Busy cores, on average",
            _quotient(totals.busy_s, totals.covered_s, 1.0, 2),
            f"of {report.cpus}: {_quotient(totals.busy_s, totals.available_s, 100)} %",
        ),
        (
            "By exited processes",
            f"{_quotient(totals.exited_s, used_s, 100)} %",
            "of what processes used",
        ),
        (
            "Exits",
            f"{exits:,}" if sees else NOTHING_KNOWN,
            f"{failures:,} failed" if sees else "not reported",
        ),
        (
            "Recorded by",
            escape(collectors(report)),
            samples,
        ),
    ):
        yield f"<div><dt>{name}</dt><dd>{value}<small>{more}</small></dd></div>"


def _quotient(part: float, whole: float, factor: float, digits: int = 1) -> str:
    if whole <= 0:
        return NOTHING_KNOWN
    # Adding 0 makes -0.0 a 0.
    return f"{round(part / whole * factor, digits) + 0.0:.{digits}f}"


def _time(
    report: Report,
    timelines: tuple[Columns, Columns],
    gaps: Sequence[tuple[float, float]],
) -> Iterator[str]:
    totals, rest = report.totals, _rest(report)
    yield '<section id="time"><h2>Busy cores</h2><figure>'
    for timeline, size in zip(timelines, (WIDE, NARROW), strict=True):
        if len(timeline):
            yield Chart(timeline, report.cpus, size, gaps, rest).text()
    parts = (
        ("live", "live", totals.live_s),
        ("exited", "exited", totals.exited_s),
        ("irq", "interrupts", totals.interrupts_s),
        (rest.style, rest.name, totals.unexplained_s),
    )
    yield '<ul class="legend">'
    for style, name, seconds in parts:
        share = _quotient(seconds, totals.busy_s, 100)
        yield (
            f'<li><i class="{style}"></i>{name} <b>{seconds_text(seconds)} s</b> '
            f"({share} %)</li>"
        )
    if any((timeline.peak > timeline.busy).any() for timeline in timelines):
        yield '<li><i class="line"></i>most in any interval</li>'
    if gaps:
        yield '<li><i class="gap"></i>not recorded</li>'
    yield (
        f'</ul><p class="note">CPU busy {totals.busy_s:,.1f} s. In the picture '
        "interrupts are part of live.</p></figure></section>"
    )


def _rest(report: Report) -> Rest:
    """Return what is in no process: much of it is a warning, on a whole machine."""
    totals = report.totals
    if not report.sees_every_process:
        return Rest("outside", "rest")
    is_much = totals.unexplained_s > _MUCH * totals.busy_s
    return Rest("unexplained", "unexplained" if is_much else "rest")


def _footer(report: Report) -> Iterator[str]:
    yield (
        "<footer><p>CPU s: CPU-seconds of live and exited processes. %: share of the "
        "busy time of all CPUs. exited s: the part of exited processes. failed: exits "
        "with a status other than 0. peak RSS: the largest memory at any sample, or of "
        "an exited process; - is not known.</p>"
        f"<p>Times are local to the machine that made this page "
        f"({escape(_zone(report.begin_s))}). montauk {__version__}.</p></footer>"
    )


def _zone(time_s: float) -> str:
    """Return the difference to UTC: `UTC+01:00`."""
    local = datetime.fromtimestamp(time_s).astimezone()
    return f"UTC{local.isoformat(timespec='seconds')[-6:]}"
