"""Objects of processes that are kept from frame to frame are those made anew."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from montauk_tui.export.process_texts import ASLEEP_AGE_S, ProcessTexts
from montauk_tui.model.frame import Frame
from montauk_tui.model.lookups import MOST_AGE_S
from montauk_tui.model.sample import Identity, Sample
from montauk_tui.model.schema import FIELDS, Ints
from tests.support.builders import (
    FakeLookups,
    Row,
    cpu_ticks,
    make_frame,
    make_host,
    make_sample,
)

NONE = np.empty(0, dtype=np.int64)
IN_NS = {"ticks_per_second": 10**9}
ROWS = [{"pid": pid, "uid": pid % 2, "utime": 5} for pid in (3, 5, 8)]
LINES = {3: b"a\0-b\0", 5: b"", 8: b"c"}


class Lines(FakeLookups):
    """Counts which command lines are looked up; they may be changed."""

    def __init__(self, lines: dict[int, bytes], users: dict[int, str]) -> None:
        super().__init__(lines, users)
        self.lines, self.users = lines, users
        self.asked: Counter[int] = Counter()

    def cmdline(self, identity: Identity) -> bytes | None:
        self.asked[identity.pid] += 1
        return super().cmdline(identity)


@pytest.fixture
def lookups() -> Lines:
    return Lines(dict(LINES), {0: "root", 1: "ann"})


def sampled(rows: list[Row] | None = None, after_s: float = 0.0) -> Sample:
    host = make_host([cpu_ticks(idle=100 * after_s)])
    rows = list(ROWS) if rows is None else rows
    return make_sample(rows, after_s=after_s, host=host, **IN_NS)


def fresh(frame: Frame, rows: Ints) -> list[str]:
    return ProcessTexts().of(frame, rows, NONE)


def changed_row(**values: Any) -> list[Row]:
    return [ROWS[0], {**ROWS[1], **values}, ROWS[2]]


@pytest.mark.parametrize("name", ["comm", *(n for n in FIELDS if n != "pid")])
def test_a_value_that_changes_is_seen(name: str, lookups: Lines) -> None:
    texts, everyone, before = ProcessTexts(), np.arange(3), sampled()
    # Twice without a change: the first frame has no rates.
    values: tuple[Any, ...] = (
        (b"5", b"5", b"73") if name == "comm" else (5, 5, 73, None)
    )
    for second, value in enumerate(values):
        now = sampled(changed_row(**{name: value}), after_s=1.0 + second)
        frame = make_frame(before, now, lookups)
        assert texts.of(frame, everyone, NONE) == fresh(frame, everyone)
        before = now


def test_rates_are_seen_and_so_is_the_clock_that_somebody_sets(lookups: Lines) -> None:
    texts, everyone = ProcessTexts(), np.arange(3)
    before = sampled()
    first = make_frame(None, before, lookups)
    assert texts.of(first, everyone, NONE) == fresh(first, everyone)
    now = sampled(after_s=1.0)
    for later in (now, replace(now, booted_at_s=now.booted_at_s + 3_600.0)):
        frame = make_frame(before, later, lookups)
        assert texts.of(frame, everyone, NONE) == fresh(frame, everyone)
    children_s = np.array([0.0, 0.25, np.nan])
    frame = replace(frame, rates=replace(frame.rates, children_s=children_s))
    assert texts.of(frame, everyone, NONE) == fresh(frame, everyone)


def test_processes_that_come_and_go_and_take_another_order(lookups: Lines) -> None:
    texts = ProcessTexts()
    scenes: list[tuple[list[Row], list[int]]] = [
        (list(ROWS), [2, 0, 1]),
        (list(ROWS), [1, 2]),
        ([ROWS[1]], [0]),
        ([{"pid": 2}, {**ROWS[1], "start_ticks": 7}, ROWS[2]], [1, 0, 2]),
        (list(ROWS), []),
        (list(ROWS), [0, 1, 2]),
    ]
    for second, (rows, order) in enumerate(scenes):
        frame = make_frame(None, sampled(rows, after_s=float(second)), lookups)
        shown = np.array(order, dtype=np.int64)
        assert texts.of(frame, shown, NONE) == fresh(frame, shown)


def test_what_is_looked_up_and_becomes_another(lookups: Lines) -> None:
    texts, everyone = ProcessTexts(), np.arange(3)
    frame = make_frame(None, sampled(), lookups)
    texts.of(frame, everyone, NONE)
    lookups.users[1] = "anna"
    assert texts.of(frame, everyone, NONE) == fresh(frame, everyone)
    lookups.cut_commands = frozenset({frame.sample.processes.identity(0)})
    assert texts.of(frame, everyone, NONE) == fresh(frame, everyone)
    other = replace(frame, lookups=Lines({3: b"other"}, {}))
    assert texts.of(other, everyone, NONE) == fresh(other, everyone)


def test_only_processes_whose_values_changed_are_encoded_again(
    monkeypatch: pytest.MonkeyPatch, lookups: Lines
) -> None:
    texts, encoded = ProcessTexts(), []
    real = texts._encode  # noqa: SLF001

    def encode(value: Any) -> str:
        encoded.append(value["pid"])
        return real(value)

    monkeypatch.setattr(texts, "_encode", encode)
    for utime, changed in ((1, [3, 5, 8]), (1, []), (2, [5])):
        frame = make_frame(None, sampled(changed_row(utime=utime)), lookups)
        texts.of(frame, np.arange(3), NONE)
        assert encoded == changed
        encoded.clear()


def test_a_process_that_does_not_run_is_looked_up_again_within_a_minute(
    lookups: Lines,
) -> None:
    texts, everyone = ProcessTexts(), np.arange(3)
    before = None
    asleep_from = int(MOST_AGE_S) + 2  # The first frame has no rates.
    for second in range(asleep_from):
        now = sampled(after_s=float(second))
        texts.of(make_frame(before, now, lookups), everyone, NONE)
        before = now
    lookups.asked.clear()
    lookups.lines[8] = b"set by a tracer"
    for second in range(asleep_from, asleep_from + int(ASLEEP_AGE_S)):
        now = sampled(after_s=float(second))
        last = texts.of(make_frame(before, now, lookups), everyone, NONE)
        before = now
    assert lookups.asked[3] == lookups.asked[5] == 1
    assert '"set by a tracer"' in last[2]


def test_a_process_that_ran_is_looked_up_until_its_line_is_newer(
    lookups: Lines,
) -> None:
    """What is looked up may be as old as MOST_AGE_S: from before it ran."""
    texts, everyone = ProcessTexts(), np.arange(3)
    before = None
    for second in range(100):
        utime = 5 if second < 50 else 6
        now = sampled(changed_row(utime=utime), after_s=float(second))
        if second == 50 + int(MOST_AGE_S):
            lookups.lines[5] = b"new title"
        last = texts.of(make_frame(before, now, lookups), everyone, NONE)
        if second >= 50 + MOST_AGE_S:
            assert '"new title"' in last[1]
        before = now


def test_times_in_ticks_do_not_tell_that_a_process_slept(lookups: Lines) -> None:
    texts, everyone = ProcessTexts(), np.arange(3)
    for second in range(20):
        now = make_sample(ROWS, after_s=float(second))
        last = texts.of(make_frame(None, now, lookups), everyone, NONE)
        assert str(max(second - 1, 0)) in last[0]
        lookups.lines[3] = str(second).encode()
