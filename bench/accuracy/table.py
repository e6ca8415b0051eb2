"""The table: a row for each workload and tool, as Markdown."""

from typing import Final

from bench.accuracy.figures import Figures, Truth

_COLUMNS: Final = {
    "workload": 11,
    "tool": 11,
    "started": 7,
    "explained": 9,
    "captured": 8,
    "missing": 7,
    "CPU": 8,
    "by rows": 8,
    "lost": 4,
    "lowest": 6,
}
_TEXTS: Final = 2


def heading() -> str:
    """Return the two lines above the rows."""
    rules = (
        "-" * (width - 1) + ("-" if index < _TEXTS else ":")
        for index, width in enumerate(_COLUMNS.values())
    )
    return f"{_line(tuple(_COLUMNS))}\n| {' | '.join(rules)} |"


def row(workload: str, tool: str, figures: Figures, truth: Truth) -> str:
    """Return the row of a run."""
    captured = "-"
    if figures.captured is not None:
        captured = f"{figures.captured / truth.started * 100:.1f} %"
    return _line(
        (
            workload,
            tool,
            str(truth.started),
            f"{figures.explained() * 100:.1f} %",
            captured,
            "-" if figures.missing is None else str(figures.missing),
            _error(figures.cpu_error(truth)),
            _error(figures.row_error(truth)),
            "-" if figures.lost is None else str(figures.lost),
            "-" if figures.worst_s is None else f"{figures.worst_s:+.3f}",
        )
    )


def _error(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:+.1f} %"


def _line(cells: tuple[str, ...]) -> str:
    padded = (
        cell.ljust(width) if index < _TEXTS else cell.rjust(width)
        for index, (cell, width) in enumerate(
            zip(cells, _COLUMNS.values(), strict=True)
        )
    )
    return f"| {' | '.join(padded)} |"
