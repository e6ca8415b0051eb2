"""The processes that a signal killed lately: which are news, and in which words."""

import dataclasses
import signal
from typing import Any

import numpy as np
import pytest

from montauk_tui.engine.killed import MOST, SHOWN_S, Killed, killed_lately
from montauk_tui.model.deaths import Death, OutOfMemory, SentAs
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import Frame
from montauk_tui.model.history import ExitedBatch, History
from tests.support.builders import make_frame, make_sample
from tests.support.deaths import make_death
from tests.support.exits import make_exits

NOW_S = 1000.0
FULL = OutOfMemory(None, None, None, None, None)


def frame_with(*tables: ExitTable, reported_s: float = NOW_S) -> Frame:
    """Return a frame with exits that were reported a second apart, the last now."""
    parts = []
    for at, exits in enumerate(tables):
        count = len(exits.pid)
        none = np.full(count, np.nan)
        at_s = np.full(count, reported_s - (len(tables) - 1 - at))
        serial = np.arange(count)
        parts.append(ExitedBatch(exits, none, none, at_s, serial, {}, none))
    sample = dataclasses.replace(make_sample([]), monotonic_s=NOW_S, boot_s=NOW_S)
    frame = make_frame(None, sample)
    return dataclasses.replace(frame, history=History(exited=tuple(parts)))


def dead(number: int | None, ago_s: float = 0.0, **more: Any) -> dict[str, Any]:
    """Return an exit by a signal."""
    end_ns = int((NOW_S - ago_s) * 1e9)
    return {"exit_signal": number, "end_ns": end_ns, "pid": 7, **more}


def seen(*rows: dict[str, Any]) -> list[Killed]:
    return killed_lately(frame_with(make_exits(rows)))


@pytest.mark.parametrize(
    ("death", "why"),
    [
        (None, "SIGSEGV"),
        (make_death(signal=11, sent_as=SentAs.WITH_INFO, code=1), "crashed (SIGSEGV)"),
        (make_death(signal=11), "SIGSEGV by systemd-oomd 812"),
        (make_death(signal=11, is_own=True), "SIGSEGV"),
        (make_death(signal=11, sent_as=SentAs.NO_INFO), "SIGSEGV"),
        (make_death(sent_as=SentAs.BY_KERNEL, out_of_memory=FULL), "out of memory"),
    ],
)
def test_the_reason_is_in_a_few_words(death: Death | None, why: str) -> None:
    row = dead(11, 3, comm=b"cc1")
    found = seen(row if death is None else {**row, "death": death})
    assert found == [Killed("cc1", 7, why, "3s ago", 1, "")]


@pytest.mark.parametrize("number", [1, 2, 13, 14, 15, None])
def test_what_ends_in_the_normal_course_is_no_news(number: int | None) -> None:
    assert not seen(dead(number))


@pytest.mark.parametrize("number", [4, 6, 7, 8, 9, 11, 24, 31, 34, 64])
def test_crashes_and_kills_are(number: int) -> None:
    assert len(seen(dead(number))) == 1


def test_the_latest_is_first_and_equal_ones_are_one_entry() -> None:
    first = make_exits([dead(11, 9, pid=3, comm=b"a"), dead(9, 8, pid=4, comm=b"b")])
    then = make_exits([dead(11, 2, pid=6, comm=b"a"), dead(11, 3, pid=5, comm=b"a")])
    found = killed_lately(frame_with(first, then))
    assert found == [
        Killed("a", 6, "SIGSEGV", "2s ago", 3, ""),
        Killed("b", 4, "SIGKILL", "8s ago", 1, ""),
    ]


def test_out_of_memory_comes_before_what_is_later() -> None:
    death = make_death(sent_as=SentAs.BY_KERNEL, out_of_memory=FULL)
    first = make_exits([{**dead(9, 9, pid=3, comm=b"a"), "death": death}])
    found = killed_lately(frame_with(first, make_exits([dead(11, 2, comm=b"b")])))
    assert [one.name for one in found] == ["a", "b"]


def test_after_a_while_it_is_no_news() -> None:
    exits = make_exits([dead(11)])
    assert killed_lately(frame_with(exits, reported_s=NOW_S - SHOWN_S))
    assert not killed_lately(frame_with(exits, reported_s=NOW_S - SHOWN_S - 1))


def test_a_storm_of_kills_is_not_looked_at_whole() -> None:
    storm = make_exits([dead(signal.SIGKILL, pid=it) for it in range(1, 3 * MOST)])
    assert [one.times for one in killed_lately(frame_with(storm, storm))] == [MOST]


def test_names_cannot_change_the_screen() -> None:
    assert seen(dead(9, comm=b"\x1b[2J\n"))[0].name == "\\x1b[2J\\n"


def test_the_parent_is_named_while_it_lives() -> None:
    frame = frame_with(make_exits([dead(9, pid=7, ppid=5), dead(11, pid=8, ppid=6)]))
    living = make_sample([{"pid": 5, "comm": b"make"}]).processes
    sample = dataclasses.replace(frame.sample, processes=living)
    found = killed_lately(dataclasses.replace(frame, sample=sample))
    assert {one.pid: one.parent for one in found} == {7: "make 5", 8: ""}
