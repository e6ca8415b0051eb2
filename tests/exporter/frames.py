"""Frames for an exporter, made by hand, and its text as a parser reads it."""

from collections.abc import Sequence
from typing import Any

from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as open_families,
)
from prometheus_client.parser import text_string_to_metric_families

from montauk_tui.engine.history.update import remember
from montauk_tui.export.metrics.exporter import Exporter
from montauk_tui.export.metrics.text import Text
from montauk_tui.model.frame import Frame
from montauk_tui.model.history import History
from montauk_tui.model.lookups import Lookups
from montauk_tui.model.sample import Counters, Sample
from tests.support.builders import BOOT_S, Row, make_frame, make_sample
from tests.support.exits import make_exits
from tests.support.starts import make_starts

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]

NEW = int(BOOT_S * 100) + 10**6
"""A start after all samples but the last, in ticks."""


class Feed:
    """Gives samples to an exporter, a second apart."""

    def __init__(self, by: str = "program", **queries: Any) -> None:
        self.exporter = Exporter(by, queries)
        self._previous: Sample | None = None
        self._history = History()
        self._after_s = 0.0

    def add(
        self,
        rows: Sequence[Row],
        ends: Sequence[Row] | None = None,
        starts: Sequence[Row] | None = None,
        *,
        opening: int = 0,
        after_s: float = 1.0,
        lookups: Lookups | None = None,
        **values: Any,
    ) -> Frame:
        """Add a sample; without `ends` its collector sees no exits."""
        self._after_s += after_s
        values.setdefault("counters", Counters(0, 0, 0))
        if ends is not None:
            values["exits"] = make_exits(ends)
            values["starts"] = make_starts(starts or [])
        sample = make_sample(rows, after_s=self._after_s, **values)
        frame = make_frame(self._previous, sample, lookups)
        self._history = remember(self._history, self._previous, sample, frame.rates)
        fields = {name: getattr(frame, name) for name in Frame.__dataclass_fields__}
        frame = Frame(**{**fields, "history": self._history})
        self._previous = sample
        assert self.exporter.take(frame, opening) == ""
        return frame

    @property
    def text(self) -> Text:
        assert self.exporter.text is not None
        return self.exporter.text

    def series(self) -> Series:
        """Return every series; both texts must say the same."""
        plain = parsed(self.text.plain.decode())
        assert plain == parsed_open(self.text.open.decode())
        return plain

    def value(self, name: str, **labels: str) -> float:
        return self.series()[name, frozenset(labels.items())]


def parsed(text: str) -> Series:
    return _series(text_string_to_metric_families(text))


def parsed_open(text: str) -> Series:
    return _series(open_families(text))  # type: ignore[no-untyped-call]


def _series(families: Any) -> Series:
    found: Series = {}
    for family in families:
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in found, f"{key} is there twice"
            found[key] = sample.value
    return found


def is_counter(name: str) -> bool:
    return name.endswith("_total")
