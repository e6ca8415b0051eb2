"""The figures of runs, their medians, and the tables of them."""

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final


@dataclass(frozen=True)
class Figures:
    """What one monitor cost; None is unknown."""

    cpu_pct: float | None
    """CPU time of its processes, percent of one core."""
    pss_mib: float | None
    bytes_per_s: float | None
    """What it wrote to the terminal."""
    refreshes_per_s: float | None
    """How often it wrote after a pause; less than 1 where the machine is too slow."""
    switches_per_s: float | None
    """Context switches of all its threads."""
    first_rows_s: float | None
    """From its start to the first processes on the screen."""
    forks_per_s: float | None
    """What the whole machine started meanwhile."""
    processes: float | None
    """On the machine, others' included: the larger number of start and end."""

    @property
    def cpu_ms_per_refresh(self) -> float | None:
        """The CPU time of one refresh, which compares also on a busy machine."""
        if self.cpu_pct is None or not self.refreshes_per_s:
            return None
        return self.cpu_pct * 10 / self.refreshes_per_s


@dataclass(frozen=True)
class Run:
    """One run of a monitor in a scenario."""

    scenario: str
    monitor: str
    figures: Figures | None
    failure: str = ""
    disturbed: bool = False
    """Whether others had too many processes meanwhile."""

    def record(self) -> dict[str, Any]:
        """Return it for JSON."""
        known = asdict(self.figures) if self.figures else {"failure": self.failure}
        return {"monitor": self.monitor, "disturbed": self.disturbed, **known}


@dataclass(frozen=True)
class Measured:
    """All runs of a scenario, and what the machine was like."""

    scenario: str
    load_before: float
    load_after: float
    runs: list[Run]

    def conditions(self) -> str:
        """Return a line about the machine, where others may work, too."""
        known = [run.figures for run in self.runs if run.figures]
        counts = [it.processes for it in known if it.processes is not None]
        between = f"{min(counts):.0f} to {max(counts):.0f}" if counts else "-"
        forks = _median(it.forks_per_s for it in known)
        return (
            f"{self.scenario}: {between} processes, {forks or 0:.0f} forks a second, "
            f"load {self.load_before:.1f} to {self.load_after:.1f}"
        )

    def record(self) -> dict[str, Any]:
        """Return it for JSON, with the medians by monitor."""
        return {
            "scenario": self.scenario,
            "load_before": self.load_before,
            "load_after": self.load_after,
            "medians": {
                name: asdict(it) for (_, name), it in medians(self.runs).items()
            },
            "runs": [run.record() for run in self.runs],
        }


@dataclass(frozen=True)
class Table:
    """What one table shows."""

    field: str
    title: str
    decimals: int


TABLES: Final = (
    Table("cpu_pct", "CPU time, % of one core", 2),
    Table("cpu_ms_per_refresh", "CPU time of one refresh, ms", 1),
    Table("pss_mib", "memory (PSS), MiB", 1),
    Table("bytes_per_s", "bytes to the terminal, a second", 0),
    Table(
        "refreshes_per_s",
        "refreshes a second; with fewer, figures a second are too low",
        2,
    ),
    Table("switches_per_s", "context switches a second, all threads", 1),
    Table("first_rows_s", "from the start to the first rows, s", 2),
)
_FIRST_WIDTH: Final = 9
_LEAST_WIDTH: Final = 9


def median(figures: Sequence[Figures]) -> Figures:
    """Return the median of each figure over the runs in which it is known."""
    return Figures(
        **{
            field.name: _median(getattr(it, field.name) for it in figures)
            for field in fields(Figures)
        }
    )


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def medians(runs: Iterable[Run]) -> dict[tuple[str, str], Figures]:
    """Return the medians by scenario and monitor.

    Runs that failed do not count, and disturbed ones only where there are no others.
    """
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        if run.figures:
            groups.setdefault((run.scenario, run.monitor), []).append(run)
    return {key: _median_run(group) for key, group in groups.items()}


def _median_run(runs: list[Run]) -> Figures:
    undisturbed = [run for run in runs if not run.disturbed]
    return median([run.figures for run in undisturbed or runs if run.figures])


def lines(
    table: Table, found: Mapping[tuple[str, str], Figures], monitors: Sequence[str]
) -> Iterator[str]:
    """Yield a table: a line for each scenario, a column for each monitor."""
    yield table.title
    widths = [max(len(name) + 2, _LEAST_WIDTH) for name in monitors]
    yield _line("scenario", monitors, widths)
    for scenario in dict.fromkeys(scenario for scenario, _ in found):
        cells = [
            _cell(getattr(found.get((scenario, name)), table.field, None), table)
            for name in monitors
        ]
        yield _line(scenario, cells, widths)


def _cell(value: float | None, table: Table) -> str:
    return "-" if value is None else f"{value:,.{table.decimals}f}"


def _line(first: str, others: Sequence[str], widths: Sequence[int]) -> str:
    cells = (cell.rjust(width) for cell, width in zip(others, widths, strict=True))
    return first.ljust(_FIRST_WIDTH) + "".join(cells)
