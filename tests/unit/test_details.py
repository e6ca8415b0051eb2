"""Values of the closer look as text, and their history."""

import math
import time

import pytest

from montauk_tui.engine.details import ProcessHistory, value_text, with_user_tasks
from montauk_tui.model.details import (
    USER_TASKS,
    Amount,
    Datum,
    Details,
    Section,
    Unit,
    command_section,
)
from montauk_tui.model.sample import Identity
from tests.support.builders import make_frame, make_sample

UNLIMITED = math.inf


def details(second: float, read: float, uid: int = 7) -> Details:
    limits = Section("limits", "", (Datum(USER_TASKS, Amount(math.nan, limit=9)),))
    return Details(Identity(7, 1000), "x", uid, second, (limits,), read_bytes=read)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("as it is", "as it is"),
        (Amount(12), "12"),
        (Amount(math.nan), "-"),
        (Amount(1 << 20, Unit.BYTES), "1.0M"),
        (Amount(61.5, Unit.SECONDS), "1:01.50"),
        (Amount(2.5, Unit.DURATION), "2.5s"),
        (Amount(3_600, Unit.DURATION), "01:00:00"),
        (Amount(8, limit=1024), "8 of 1024 (1 %)"),
        (Amount(8, limit=UNLIMITED), "8 of unlimited"),
        (Amount(0, limit=0), "0 of 0"),
        (Amount(math.nan, limit=UNLIMITED), "unlimited"),
        (Amount(math.nan, Unit.BYTES, 1 << 20), "at most 1.0M"),
        (Amount(2.0**64), "many"),
    ],
)
def test_a_value_is_read_as_people_write_it(value: Amount | None, text: str) -> None:
    assert value_text(value) == text


def test_the_tasks_of_the_user_are_counted_against_the_limit() -> None:
    rows = [
        {"pid": 7, "uid": 7, "threads": 3},
        {"pid": 8, "uid": 7, "threads": 2},
        {"pid": 9, "uid": 0, "threads": 50},
    ]
    frame = make_frame(None, make_sample(rows))
    (limit,) = with_user_tasks(details(1, 0), frame).sections[0].data
    assert limit.value == Amount(5, limit=9)


def test_two_readings_make_a_rate_and_one_makes_none() -> None:
    history = ProcessHistory(Identity(7, 1000))
    history.take_details(details(10, 100))
    assert list(history.read_rate) == []
    history.take_details(details(12, 500))
    history.take_details(details(12, 900))
    history.take_details(details(13, 400))
    assert list(history.read_rate) == [200, 0]
    assert all(map(math.isnan, history.write_rate))


def test_a_frame_counts_once_and_only_of_the_same_process() -> None:
    frame = make_frame(None, make_sample([{"pid": 7, "rss_bytes": 5}]))
    history = ProcessHistory(Identity(7, 1000))
    assert history.take_frame(frame)
    assert history.take_frame(frame)
    assert list(history.rss_bytes) == [5]
    assert not ProcessHistory(Identity(7, 1001)).take_frame(frame)


def test_a_moment_is_a_local_date_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        text = value_text(Amount(1_795_000_000, Unit.MOMENT))
    time.tzset()
    assert text == "2026-11-18 11:06:40"


def test_only_the_limit_of_tasks_is_filled_in() -> None:
    others = (Datum("Open files", Amount(3)), Datum(USER_TASKS, "not known"))
    memory = Section("memory", "", (Datum(USER_TASKS, Amount(math.nan)),))
    before = Details(
        Identity(7, 1000), "x", 7, 1.0, (Section("limits", "", others), memory)
    )
    after = with_user_tasks(before, make_frame(None, make_sample()))
    assert after.sections == before.sections
    assert before.section("memory") == memory
    assert before.section("none") is None


def test_a_process_without_arguments_has_none_to_show() -> None:
    section = command_section(b"\0", is_cut=False)
    assert (section.data, section.reason) == ((), "it has none")


def test_the_graphs_have_a_minute_and_the_sum_of_what_is_known_of_io() -> None:
    frame = make_frame(None, make_sample([{"pid": 7, "rss_bytes": 3 << 20}]))
    history = ProcessHistory(Identity(7, 1000))
    history.take_frame(frame)
    cpu, memory, io = history.graphs(0)
    assert {len(graph.points) for graph in (cpu, memory, io)} == {60}
    assert (memory.text, memory.top, memory.note) == ("3.0M", "4M", "peak 3.0M")
    assert (io.text, io.note, io.begin) == ("r -  w -", "", "60 s ago")
    history.take_details(details(10, 0))
    history.take_details(details(12, 8 << 10))
    io = history.graphs(0)[2]
    assert (io.text, io.note, io.top) == ("r 4.0K/s  w -", "peak 4.0K/s", "4K")
    assert io.points[-1] == 4 << 10
    assert math.isnan(io.points[-2])


def test_the_graph_of_cpu_use_has_the_scale_that_is_asked_for() -> None:
    history = ProcessHistory(Identity(7, 1000))
    history.cpu_pct.append(180.0)
    one, whole = history.graphs(0)[0], history.graphs(4)[0]
    assert (one.text, one.top) == ("180.0", "200")
    assert (whole.text, whole.top) == ("45.0", "50")
