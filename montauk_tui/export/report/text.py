"""A report as text: figures to the left, names to the right."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from montauk_tui.engine.units import NOTHING_KNOWN, bytes_text, date_text
from montauk_tui.engine.usage.report import TREE, Report
from montauk_tui.engine.usage.rows import TreeRow, most_used, rows_of
from montauk_tui.engine.usage.sums import Used
from montauk_tui.export.output import CUT, cut_at, terminal_width, write_stdout
from montauk_tui.export.report.reading import not_seen
from montauk_tui.model.text import clean_text

_TITLES: Final = ("CPU s", "%", "exited s", "exits", "failed", "peak RSS")
_INDENT: Final = "  "


def write_text(
    report: Report,
    gaps: Sequence[tuple[float, float]],
    limit: int | None,
    width: int | None = None,
) -> None:
    """Print a table, with what the CPUs did above it.

    Args:
        report: What to print.
        gaps: Begin and end of each time that was not recorded.
        limit: The most rows; None for all.
        width: Cells of a line; None for those of the terminal, or all.
    """
    for line in heading(report, gaps):
        write_stdout(line)
    for line in ("", *table(report, limit)):
        write_stdout(cut_at(line, width or terminal_width()))


def table(report: Report, limit: int | None) -> list[str]:
    """Return the titles and a line for each row."""
    (by,) = report.by
    rows = list(_tree(report, limit) if by == TREE else _groups(report, by, limit))
    figures = [figures_of(used, report) for used, _ in rows]
    widths = [max(map(len, cells)) for cells in zip(_TITLES, *figures, strict=True)]
    names = ["process" if by == TREE else by, *(name for _, name in rows)]
    return [
        f"{'  '.join(map(str.rjust, cells, widths))}  {name}"
        for cells, name in zip([_TITLES, *figures], names, strict=True)
    ]


def heading(report: Report, gaps: Sequence[tuple[float, float]]) -> list[str]:
    """Return host, time, what the CPUs did, and what was not seen."""
    totals = report.totals
    begin, end = map(moment, (report.begin_s, report.end_s))
    day, _, clock = end.partition(" ")
    until = clock if begin.startswith(day) else end
    rest = "unexplained" if report.sees_every_process else "outside"
    seen = (
        f"{clean_text(report.hostname)}  {begin} to {until}  "
        f"{collectors(report)}, {totals.intervals + 1:,} samples"
    )
    busy = (
        f"CPU busy {seconds_text(totals.busy_s)} s: "
        f"live {seconds_text(totals.live_s)}, exited {seconds_text(totals.exited_s)}, "
        f"interrupts {seconds_text(totals.interrupts_s)}, "
        f"{rest} {seconds_text(totals.unexplained_s)}"
    )
    missing = not_seen(totals, gaps)
    return [seen, busy, *(f"not seen: {', '.join(missing)}" for _ in missing[:1])]


def collectors(report: Report) -> str:
    """Return the collectors that served, the longest first."""
    served = report.totals.collectors
    names = sorted(served, key=lambda name: -served[name])
    return " and ".join(map(clean_text, names)) or "no collector"


def figures_of(used: Used, report: Report) -> tuple[str, ...]:
    """Return the figures of a row as text, in the order of the titles."""
    share = 100 / report.totals.busy_s if report.totals.busy_s > 0 else math.nan
    sees = report.totals.sees_exits
    pct = used.cpu_s * share
    return (
        f"{used.cpu_s:,.1f}",
        NOTHING_KNOWN if math.isnan(pct) else f"{pct:.1f}",
        f"{used.exited_s:,.1f}",
        f"{used.exits:,}" if sees else NOTHING_KNOWN,
        f"{used.failures:,}" if sees else NOTHING_KNOWN,
        bytes_text(used.peak_rss_bytes),
    )


def _groups(report: Report, by: str, limit: int | None) -> Iterable[tuple[Used, str]]:
    for name, used in report.groups[by].ordered()[:limit]:
        yield used, name


def _tree(report: Report, limit: int | None) -> Iterable[tuple[Used, str]]:
    if report.tree is None:
        return
    for row in most_used(rows_of(report.tree), limit):
        yield row.whole, f"{_INDENT * row.depth}{process_text(row)}"


def process_text(row: TreeRow) -> str:
    """Return a row of a tree: `make 4711  -j8 all`, `gcc x 1,240`."""
    return f"{process_name(row)}  {arguments_of(row)}".rstrip()


def process_name(row: TreeRow) -> str:
    """Return the name with the PID, or the number of processes."""
    if row.pid is not None:
        return f"{row.name} {row.pid}"
    return f"{row.name} x {row.processes:,}" if row.processes > 1 else row.name


def arguments_of(row: TreeRow) -> str:
    """Return the command line, without a program that has the name of the process."""
    program, _, arguments = row.command.partition(" ")
    # The kernel keeps 15 bytes of a name.
    is_name = program.rpartition("/")[2].startswith(row.name)
    return (arguments if is_name else row.command) + CUT * row.is_cut


def seconds_text(seconds: float) -> str:
    """Return seconds with one decimal; a little less than nothing is `0.0`."""
    return f"{round(seconds, 1) + 0.0:,.1f}"


def moment(time_s: float) -> str:
    """Return a local date and time."""
    return date_text(time_s)
