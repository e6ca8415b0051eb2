"""The text of all metrics, as prometheus_client reads it."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from montauk_tui.engine import query
from montauk_tui.engine.groups.accounts import MOST_GROUPS
from montauk_tui.export.metrics.machine import Machine
from montauk_tui.export.metrics.names import COUNTER, METRICS
from montauk_tui.model.frame import Ledger
from montauk_tui.model.sample import Counters
from montauk_tui.model.text import clean
from tests.exporter.frames import NEW, Feed, is_counter, parsed
from tests.support.builders import FakeLookups
from tests.support.starts import fork

HOSTILE = [
    b'a"b', rb"back\slash", b"two\nlines", b"\x1b[31mred", b"\xff\xfe", "über".encode(),
    "a\u202eb".encode(), b"", b"}", b'x",group="y', b"other", b"# HELP", b"{}", b" ",
]  # fmt: skip


def test_all_metrics_of_the_table_are_there_and_no_other() -> None:
    feed = Feed()
    for _ in range(2):
        feed.add([{"pid": 1, "comm": "init"}], [])
    assert {name for name, _ in feed.series()} == {it.sample for it in METRICS}


def test_names_units_and_types_are_those_that_prometheus_wants() -> None:
    assert len({it.name for it in METRICS}) == len(METRICS)
    for metric in METRICS:
        assert re.fullmatch(r"montauk_[a-z_]+[a-z]", metric.name)
        assert not metric.name.endswith("_total")
        assert metric.name.endswith(f"_{metric.unit}") or not metric.unit
        assert metric.help.endswith(".")
        assert len(metric.values) == len(metric.of) or not metric.of
        assert is_counter(metric.sample) == (metric.type == COUNTER)


def test_a_process_that_lived_between_two_samples_is_counted() -> None:
    feed = Feed()
    feed.add([{"pid": 10, "comm": "make"}], [])
    end = {
        "pid": 20, "comm": b"cc1", "start_ticks": NEW, "utime_ns": 2 * 10**8,
        "stime_ns": 10**8, "exit_code": 1, "read_bytes": 4096, "write_bytes": 512,
    }  # fmt: skip
    feed.add(
        [{"pid": 10, "comm": "make", "rss_bytes": 5000}],
        [end], [fork(20, 1, ppid=10)], counters=Counters(1, 0, 1),
    )  # fmt: skip
    value = feed.value
    assert value("montauk_group_cpu_seconds_total", group="cc1", mode="user") == 0.2
    assert value("montauk_group_cpu_seconds_total", group="cc1", mode="system") == 0.1
    assert value("montauk_group_exited_cpu_seconds_total", group="cc1") == 0.3
    assert value("montauk_group_starts_total", group="cc1") == 1
    assert value("montauk_group_exits_total", group="cc1", result="failed") == 1
    assert value("montauk_group_exits_total", group="cc1", result="ok") == 0
    assert value("montauk_group_read_bytes_total", group="cc1") == 4096
    assert value("montauk_group_written_bytes_total", group="cc1") == 512
    assert value("montauk_group_processes", group="cc1") == 0
    assert value("montauk_group_processes", group="make") == 1
    assert value("montauk_group_resident_memory_bytes", group="make") == 5000
    assert value("montauk_exits_total") == 1


def test_what_a_collector_without_events_cannot_know_is_left_out() -> None:
    feed = Feed()
    for _ in range(2):
        feed.add([{"pid": 1}], counters=Counters())
    names = {name for name, _ in feed.series()}
    assert not [name for name in names if "exits" in name or "starts" in name]
    assert not [name for name in names if "lost" in name or "forks" in name]
    assert "montauk_group_cpu_seconds_total" in names


def test_no_label_is_a_pid_or_a_command_line() -> None:
    feed = Feed()
    lookups = FakeLookups({4242: b"/bin/it\0--password=secret"})
    for _ in range(2):
        feed.add(
            [{"pid": 4242, "comm": "it"}],
            [{"pid": 4343, "comm": b"cc1", "cmdline": b"/bin/cc1\0secret"}],
            lookups=lookups,
        )
    text = feed.text.plain
    assert b"secret" not in text
    assert b"4242" not in text
    assert b"4343" not in text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_program_is_one_series_and_nothing_else(name: bytes) -> None:
    feed = Feed()
    for _ in range(2):
        feed.add([{"pid": 9, "comm": name}], [{"pid": 10, "comm": name}])
    found = [
        dict(labels)["group"]
        for metric, labels in feed.series()
        if metric == "montauk_group_processes"
    ]
    shown = {"": "(name not known)", "other": "other (program)"}
    assert found == [shown.get(clean(name), clean(name)), "other"]


@pytest.mark.parametrize("by", ["user", "cgroup", "unit", "container"])
def test_hostile_names_of_users_and_cgroups(by: str) -> None:
    names = {number: clean(name) for number, name in enumerate(HOSTILE) if name}

    class Lookups(FakeLookups):
        def user(self, uid: int) -> str:
            return names[uid]

        def cgroup(self, number: int) -> str:
            return f"/docker/{'0' * 12}/{names[number]}.service/{names[number]}"

    feed = Feed(by)
    rows = [{"pid": uid, "uid": uid, "cgroup_id": uid} for uid in names if uid]
    for _ in range(2):
        feed.add(rows, [], lookups=Lookups())
    assert feed.value("montauk_processes") == len(rows)
    held = [
        value
        for (metric, _), value in feed.series().items()
        if metric == "montauk_group_processes"
    ]
    assert sum(held) == len(rows)


def test_groups_of_queries_have_their_names() -> None:
    feed = Feed("queries", **{'we"b': query.parse("name = nginx")})
    for _ in range(2):
        feed.add([{"pid": 1, "comm": "nginx"}, {"pid": 2, "comm": "sh"}], [])
    assert feed.value("montauk_group_processes", group='we"b') == 1
    assert feed.value("montauk_group_processes", group="other") == 1
    assert feed.value("montauk_groups_folded") == 0


def test_a_long_name_is_cut_and_stays_different_from_others() -> None:
    class Lookups(FakeLookups):
        def cgroup(self, number: int) -> str:
            return f"/{'x' * 5000}/{number}"

    feed = Feed("cgroup")
    for _ in range(2):
        feed.add([{"pid": 1}, {"pid": 2}], [], lookups=Lookups())
    groups = {
        dict(labels)["group"]
        for metric, labels in feed.series()
        if metric == "montauk_group_processes"
    }
    assert len(groups) == 3
    assert max(map(len, groups)) == 200


def test_many_groups_are_folded_and_counted() -> None:
    feed = Feed()
    rows = [{"pid": pid, "comm": f"p{pid}"} for pid in range(1, 301)]
    for _ in range(2):
        feed.add(rows, [])
    assert feed.value("montauk_groups") == MOST_GROUPS
    assert feed.value("montauk_groups_folded") == 100
    assert feed.value("montauk_group_processes", group="other") == 100
    names = {labels for name, labels in feed.series() if name.startswith("montauk_gr")}
    groups = {dict(labels).get("group") for labels in names}
    assert len(groups - {None}) == MOST_GROUPS + 1


def test_counters_never_fall_over_a_storm_and_another_collector() -> None:
    feed = Feed()
    highest: dict[object, float] = {}
    folded_s = 2.0**-20
    for second in range(12):
        opening = second // 4
        ends = [
            {"pid": pid, "comm": b"s%d" % (pid % 300), "start_ticks": NEW,
             "utime_ns": 10**6, "exit_code": pid % 2}
            for pid in range(100, 100 + 2_000 * (second % 3))
        ]  # fmt: skip
        rows = [
            {"pid": 1, "comm": "init", "utime": second * 3},
            {"pid": 2, "comm": "w", "utime": 100 - second},
        ]
        exits = None if second % 4 == 3 else ends
        # Another collector counts from its own start.
        count = (second % 4) * 10
        feed.add(rows, exits, opening=opening, counters=Counters(count, count, count))
        for key, value in feed.series().items():
            if is_counter(key[0]) and "exporter" not in key[0]:
                assert value >= highest.get(key, 0.0) - folded_s, key
                highest[key] = value
    assert feed.value("montauk_forks_total") == 30 * 3
    assert feed.value("montauk_collector_changes_total") == 2


def test_the_part_of_the_ledger_that_is_below_0_lets_no_counter_fall() -> None:
    machine = Machine()
    frame = Feed().add([{"pid": 1}])
    seen = []
    for unexplained_s in (0.5, -0.25, 0.125, 0.25):
        ledger = Ledger(1, 1, None, 0, unexplained_s, 1)
        machine.add(replace(frame, ledger=ledger), 0)
        seen.append(machine.values(frame)["unexplained_s"])
    assert seen == [0.5, 0.5, 0.5, 0.625]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(max_size=15), max_size=20))
def test_any_names_make_a_text_that_a_parser_takes(names: list[bytes]) -> None:
    feed = Feed()
    rows = [
        {"pid": pid, "comm": name.replace(b"\0", b"")}
        for pid, name in enumerate(names, 1)
    ]
    for _ in range(2):
        feed.add(rows, [])
    assert sum(
        value
        for (metric, _), value in feed.series().items()
        if metric == "montauk_group_processes"
    ) == len(names)
    assert parsed(feed.text.plain.decode())
