"""Metrics as text for Prometheus, and as OpenMetrics; the lines of series are the same.

https://prometheus.io/docs/instrumenting/exposition_formats/
https://prometheus.io/docs/specs/om/open_metrics_spec/
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from operator import add
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.engine.groups.accounts import Accounts
from montauk_tui.engine.groups.counted import COUNTERS, GAUGES
from montauk_tui.export.metrics.names import COUNTER, GROUPS, INFO, MACHINE, Metric
from montauk_tui.model.schema import Floats

PLAIN: Final = "text/plain; version=0.0.4; charset=utf-8"
OPEN: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_LONGEST: Final = 200
"""Characters of the value of a label."""

_ESCAPES: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Text(NamedTuple):
    """All metrics at one moment."""

    plain: bytes
    """For Prometheus."""
    open: bytes
    """The same as OpenMetrics."""


class _Family(NamedTuple):
    """One metric with its series."""

    metric: Metric
    lines: str
    """Of its series, each with its end."""


def label(value: str) -> str:
    """Return the value of a label as written between quotes.

    A long one is cut, and ends with what tells it from others of the same beginning.
    """
    if len(value) > _LONGEST:
        digest = hashlib.blake2b(value.encode(), digest_size=6).hexdigest()
        value = f"{value[: _LONGEST - len(digest) - 3]}...{digest}"
    return value.translate(_ESCAPES)


def _beginning(metric: Metric, values: Sequence[str], group: str | None = None) -> str:
    """Return what stands before the value of a series."""
    pairs = [*zip(metric.labels, values, strict=True)]
    if group is not None:
        pairs.insert(0, ("group", group))
    inner = ",".join(f'{name}="{label(value)}"' for name, value in pairs)
    return f"{metric.sample}{{{inner}}} " if inner else f"{metric.sample} "


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return str(int(value)) if value == int(value) else repr(round(value, 6))


class Renderer:
    """Writes the text; the beginnings of lines are kept while the groups stay."""

    def __init__(self, by: str, version: str) -> None:
        """Take what the groups are, and the version of the program."""
        self._by, self._version = by, version
        self._changes = -1
        self._beginnings: list[list[str]] = []
        """For each metric of groups those of its series."""
        self._places = np.zeros(0, dtype=np.int64)

    def render(
        self,
        accounts: Accounts,
        machine: Mapping[str, float],
        collector: str,
        unknown: frozenset[str] = frozenset(),
    ) -> Text:
        """Return the text.

        Args:
            accounts: The groups.
            machine: The values of `names.MACHINE`; NaN leaves a metric out.
            collector: The name of the one that serves.
            unknown: Names of metrics of groups that the collector cannot know.
        """
        if accounts.changes != self._changes:
            self._prepare(accounts)
        families = [
            _Family(metric, self._lines(number, metric, accounts))
            for number, metric in enumerate(GROUPS)
            if metric.name not in unknown
        ]
        families += _families_of(machine)
        about = _beginning(INFO, (collector, self._version, self._by))
        families.append(_Family(INFO, f"{about}1\n"))
        return Text(_plain(families), _open(families))

    def _prepare(self, accounts: Accounts) -> None:
        self._changes = accounts.changes
        found = [*accounts.places()]
        self._places = np.array([place for place, _ in found], dtype=np.int64)
        self._beginnings = [
            [
                _beginning(metric, values, name)
                for values in metric.values
                for _, name in found
            ]
            for metric in GROUPS
        ]

    def _lines(self, number: int, metric: Metric, accounts: Accounts) -> str:
        is_counter = metric.type == COUNTER
        table = accounts.totals if is_counter else accounts.held
        names = COUNTERS if is_counter else GAUGES
        columns = [names.index(name) for name in metric.of]
        values = table[self._places][:, columns].T.ravel()
        texts = _seconds(values) if metric.unit == "seconds" else _whole(values)
        return "\n".join([*map(add, self._beginnings[number], texts), ""])


def _seconds(values: Floats) -> Iterable[str]:
    return map(repr, np.round(values, 6).tolist())


def _whole(values: Floats) -> Iterable[str]:
    return map(str, values.astype(np.int64).tolist())


def _families_of(machine: Mapping[str, float]) -> Iterable[_Family]:
    for metric in MACHINE:
        lines = [
            f"{_beginning(metric, values)}{_number(machine[name])}\n"
            for values, name in zip(metric.values, metric.of, strict=True)
            if not math.isnan(machine[name])
        ]
        if lines:
            yield _Family(metric, "".join(lines))


def _plain(families: Iterable[_Family]) -> bytes:
    parts = (
        f"# HELP {one.sample} {one.help}\n# TYPE {one.sample} {one.type}\n{lines}"
        for one, lines in families
    )
    return "".join(parts).encode()


def _open(families: Iterable[_Family]) -> bytes:
    parts = (
        f"# TYPE {one.name} {one.type}\n"
        + (f"# UNIT {one.name} {one.unit}\n" if one.unit else "")
        + f"# HELP {one.name} {one.help}\n{lines}"
        for one, lines in families
    )
    return ("".join(parts) + "# EOF\n").encode()
