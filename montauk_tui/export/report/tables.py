"""The tables of a page: groups, and the tree."""

import math
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

from montauk_tui.engine.units import NOTHING_KNOWN
from montauk_tui.engine.usage.report import TREE, Report
from montauk_tui.engine.usage.rows import TreeRow, most_used, rows_of
from montauk_tui.engine.usage.sums import Used
from montauk_tui.errors import shortened
from montauk_tui.export.report.style import DEPTHS
from montauk_tui.export.report.text import arguments_of, figures_of, process_name
from montauk_tui.model.text import clean_text

_ROWS: Final = 40
_FEWEST: Final = 5
_LEAST_S: Final = 0.05
_TREE_ROWS: Final = 100
"""Most rows without `--limit`; those whose CPU time would be 0.0 are left out."""
_LONGEST: Final = 300
"""Characters of a name."""

TITLES: Final = {
    "program": "Programs",
    "cgroup": "Cgroups",
    "user": "Users",
    TREE: "Tree",
}
_HEADS: Final = (
    ("CPU s", "", "CPU-seconds of live and exited processes"),
    ("%", "", "share of the busy time of all CPUs"),
    ("", "bar", ""),
    ("exited s", "less", "CPU-seconds of exited processes"),
    ("exits", "", "processes that exited"),
    ("failed", "", "exits with a status other than 0"),
    ("peak RSS", "less", "largest memory at any sample, or of an exited process"),
)


def section(report: Report, by: str, limit: int | None) -> Iterator[str]:
    """Yield the lines of a section: sums by one criterion, or by tree."""
    return _tree(report, limit) if by == TREE else _groups(report, by, limit)


def safe(text: str) -> str:
    """Return text of a process as HTML, isolated from the direction around it."""
    return f"<bdi>{escape(shown(text))}</bdi>"


def shown(text: str) -> str:
    """Return text of a process of bounded length, every character visible."""
    return shortened(clean_text(text), _LONGEST)


def _table(
    by: str, rows: Iterable[str], foot: str = "", note: str = ""
) -> Iterator[str]:
    what = "process" if by == TREE else by
    yield f'<section id="{by}"><h2>{TITLES[by]}</h2>'
    heads = "".join(
        f'<th scope="col" class="{style}" title="{meaning}">{title}</th>'
        for title, style, meaning in _HEADS
    )
    yield f'<table><thead><tr><th scope="col">{what}</th>{heads}</tr></thead><tbody>'
    yield from rows
    yield f"</tbody>{foot}</table>"
    if note:
        yield f'<p class="note">{note}</p>'
    yield "</section>"


def _cells(used: Used, report: Report) -> str:
    cpu, share, exited, exits, failures, peak = figures_of(used, report)
    return "".join(
        f'<td class="{style}">{cell}</td>'
        for style, cell in (
            (_zero(cpu, "0.0"), cpu),
            (_zero(share, "0.0"), share),
            ("bar", _bar(used, report)),
            (f"less{_zero(exited, '0.0')}", exited),
            (_zero(exits), exits),
            ("failed" if used.failures else _zero(failures), failures),
            (f"less{_zero(peak)}", peak),
        )
    )


def _zero(text: str, zero: str = "0") -> str:
    return " zero" if text in (zero, NOTHING_KNOWN) else ""


def _bar(used: Used, report: Report) -> str:
    """Return the shares of live and exited processes as a picture."""
    busy_s = report.totals.busy_s
    if busy_s <= 0:
        return ""
    live, exited = (
        round(100 * part / busy_s, 1) for part in (used.live_s, used.exited_s)
    )
    rects = "".join(
        f'<rect class="{style}" x="{at}" width="{wide}" height="8"/>'
        for style, at, wide in (("live", 0, live), ("exited", live, exited))
        if wide > 0
    )
    return (
        '<svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f"{rects}</svg>"
    )


def _groups(report: Report, by: str, limit: int | None) -> Iterator[str]:
    groups = report.groups[by].ordered()
    limit = limit or min(_ROWS, max(_FEWEST, _with_figures(groups)))
    rows = (
        f'<tr><th scope="row">{safe(name)}</th>{_cells(used, report)}</tr>'
        for name, used in groups[:limit]
    )
    foot, rest = "", [used for _, used in groups[limit:]]
    if rest:
        others = Used(
            sum(used.live_s for used in rest),
            sum(used.exited_s for used in rest),
            sum(used.exits for used in rest),
            sum(used.failures for used in rest),
            math.nan,
        )
        name = f"{len(rest):,} more"
        foot = f"<tfoot><tr><th>{name}</th>{_cells(others, report)}</tr></tfoot>"
    yield from _table(by, rows, foot)


def _with_figures(groups: Sequence[tuple[str, Used]]) -> int:
    """Return how many groups have a CPU time that is not 0.0."""
    return sum(used.cpu_s >= _LEAST_S for _, used in groups)


def _tree(report: Report, limit: int | None) -> Iterator[str]:
    if report.tree is None:
        return
    every = rows_of(report.tree)
    used = sum(row.whole.cpu_s >= _LEAST_S for row in every)
    kept = most_used(every, limit or min(_TREE_ROWS, max(_FEWEST, used)))
    rows = (
        f'<tr><th scope="row"><div class="d{min(row.depth, DEPTHS)}">'
        f"{safe(process_name(row))}{_arguments(row)}</div></th>"
        f"{_cells(row.whole, report)}</tr>"
        for row in kept
    )
    note = "Each row has the sums of its processes and all that they started."
    if len(every) > len(kept):
        note += f" {len(every) - len(kept):,} more rows are in these sums."
    yield from _table(TREE, rows, note=note)


def _arguments(row: TreeRow) -> str:
    """Return the arguments, which are cut where there is no room; all as a hint."""
    arguments = arguments_of(row)
    if not arguments:
        return ""
    return f' <span title="{escape(shown(arguments))}">{safe(arguments)}</span>'
