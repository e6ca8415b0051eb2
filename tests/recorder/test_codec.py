"""What is decoded is what was encoded."""

import itertools
import json
import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.errors import MontaukError
from montauk_tui.model.deaths import OutOfMemory, Request
from montauk_tui.model.devices import Devices, Disk, Frequency, Interface, Temperature
from montauk_tui.model.recording import Arguments
from montauk_tui.model.records import cut_lines
from montauk_tui.model.sample import Identity, Sample
from montauk_tui.model.schema import FIELDS, UNKNOWN
from montauk_tui.model.starts import START_FIELDS, StartTable
from montauk_tui.recorder import blocks, tables
from montauk_tui.recorder.blocks import Blocks, Reader
from montauk_tui.recorder.decoder import Decoder
from montauk_tui.recorder.encoder import TABLES, Encoder
from montauk_tui.recorder.tables import add_records, take_records
from tests.support.builders import FakeLookups, Row, cpu_ticks, make_host, make_sample
from tests.support.deaths import SENDER, make_death
from tests.support.exits import make_exits
from tests.support.recordings import differences
from tests.support.starts import exec_, failed, fork, make_starts

SCHEMA = {table: tuple(columns) for table, columns in TABLES.items()}
INT64 = st.integers(UNKNOWN, (1 << 63) - 1)


def round_trip(
    samples: list[Sample],
    lookups: FakeLookups | None = None,
    keys: tuple[int, ...] = (),
) -> list[Any]:
    """Return the moments of samples; those of the numbers `keys` are independent."""
    encoder, decoder, known = Encoder(), Decoder(SCHEMA), lookups or FakeLookups()
    moments = []
    for number, sample in enumerate(samples):
        if number in keys:
            encoder.start_anew()
        is_key = encoder.is_key
        payload = encoder.payload(sample, known, "kernel", number)
        moments.append(decoder.moment(payload, is_key=is_key))
    return moments


def same(samples: list[Sample], **options: Any) -> None:
    moments = round_trip(samples, **options)
    assert [
        differences(sample, moment.sample)
        for sample, moment in zip(samples, moments, strict=True)
    ] == [[]] * len(samples)


FULL_HOST = make_host(
    [cpu_ticks(user=1_000, idle=9_000), cpu_ticks(user=float("nan"), idle=7)],
    [0, 3],
    read_s=5.5,
    devices=Devices(
        1.5, (Interface("eth0", 1.0, 2.0),), (Disk("sda", 1.0, float("nan"), 0.5),)
    ),
    temperatures=(Temperature("Core 0", 51.0, float("nan")),),
    frequencies=(Frequency(2.4e9, float("nan")),),
    unknown=("/proc/pressure/cpu: not there",),
)
DEATH = make_death(
    sender=SENDER._replace(cmdline=b"\xff\0x", comm=b"\xfe"),
    request=Request(SENDER, 2_100_000_000),
    out_of_memory=OutOfMemory(b"api.slice", 512 << 20, None, 3, -1000, {"oom": 2}),
)


def test_everything_of_a_sample_comes_back() -> None:
    one = make_sample(
        [{"pid": 7, "comm": b"\x1b[2J\xff", "uid": None}, {"pid": 9, "tgid": 7}],
        host=FULL_HOST,
        exits=make_exits(
            [
                {
                    "pid": 70,
                    "cmdline": b"cc\0-c\0\xff",
                    "exit_code": None,
                    "death": DEATH,
                },
                {"pid": 60, "end_ns": (1 << 63) - 1},
            ]
        ),
        starts=make_starts(
            [
                fork(70, 5),
                failed(70, 6, exe=b"/opt/cc", cmdline=b"cc\0-c", errno=13),
                exec_(70, 7, cmdline=b"cc\0-c", exe=b"/usr/bin/cc"),
            ]
        ),
        ending=np.array([60], dtype=np.int64),
        reported_until_ns=1 << 60,
        sees_signals=True,
        sees_failed_execs=True,
    )
    other = make_sample([{"pid": 7}], after_s=1.0, exits=make_exits([]))
    same([one, other, one])


def test_starts_of_a_version_that_saw_no_failed_execs_are_read() -> None:
    table = make_starts([fork(70, 5), exec_(70, 7, cmdline=b"cc\0-c", exe=b"/bin/cc")])
    names = [name for name in START_FIELDS if name != "errno"]
    blocks = Blocks()
    add_records(blocks, table, names, arguments=True)
    found = take_records(Reader(blocks.bytes()), StartTable, names, len(table))
    assert found.errno.tolist() == [UNKNOWN, UNKNOWN]
    for name in (*names, "exe", "cmdline"):
        assert getattr(found, name).tolist() == getattr(table, name).tolist()


@given(
    st.lists(
        st.dictionaries(
            st.integers(1, 12),
            st.fixed_dictionaries(
                {"start_ticks": st.integers(0, 2), "utime": INT64, "rss_bytes": INT64},
                optional={
                    "comm": st.binary(max_size=20).map(lambda it: it.rstrip(b"\0"))
                },
            ),
        ),
        max_size=6,
    ),
    st.sets(st.integers(0, 5)),
)
def test_any_processes_that_come_and_go(
    tables: list[dict[int, dict[str, Any]]], keys: set[int]
) -> None:
    samples = [
        make_sample([{"pid": pid, **row} for pid, row in table.items()], after_s=at)
        for at, table in enumerate(tables)
    ]
    same(samples, keys=tuple(keys))


@given(st.integers(1, 4), st.lists(st.lists(INT64, min_size=40, max_size=40)))
def test_any_matrix(columns: int, rows: list[list[int]]) -> None:
    given_rows = [rows[at % len(rows)] if rows else [] for at in range(columns)]
    matrix = np.array(given_rows, dtype=np.int64).reshape(columns, -1)
    blocks = Blocks()
    blocks.add_matrix(matrix)
    found = Reader(blocks.bytes()).take_matrix(columns, matrix.shape[1])
    assert np.array_equal(found, matrix)


@pytest.mark.parametrize("value", [0, 1, -1, 127, -128, 128, 1 << 31, UNKNOWN])
@pytest.mark.parametrize("every", [1, 50])
def test_a_column_of_one_value(value: int, every: int) -> None:
    column = np.where(np.arange(200) % every == 0, value, 0)
    blocks = Blocks()
    blocks.add_ints(column)
    assert np.array_equal(Reader(blocks.bytes()).take_ints(200), column)


def test_a_process_that_did_nothing_takes_no_room() -> None:
    """All but the digits of its number is the same."""
    rows: list[Row] = [{"pid": pid, "utime": pid * 7} for pid in range(1, 5_000)]
    encoder, lookups = Encoder(), FakeLookups()
    sizes = [
        len(encoder.payload(make_sample(some, after_s=at), lookups, "kernel", 0))
        for at, some in enumerate([rows, rows, rows[:1], rows[:1]])
    ]
    assert sizes[1] - len("4999") == sizes[3] - len("1")


def test_each_text_is_looked_up_once() -> None:
    rows: list[Row] = [{"pid": 7, "uid": 5}, {"pid": 8, "uid": 5, "cgroup_id": 3}]
    asked: list[Any] = []

    class Lookups(FakeLookups):
        def cmdline(self, identity: Identity) -> bytes | None:
            asked.append(identity.pid)
            return super().cmdline(identity)

        def user(self, uid: int) -> str:
            asked.append(f"uid {uid}")
            return super().user(uid)

    lookups = Lookups({7: b"sh\0-c", 8: b"cc"}, {5: "amy"})
    with_another_program = [rows[0], {**rows[1], "start_stack": 99}]
    samples = [make_sample(it) for it in (rows, rows, with_another_program)]
    moments = round_trip(samples, lookups)
    assert asked == ["uid 5", 7, 8, 8]
    for moment in moments:
        assert moment.answers.users == {5: "amy"}
        assert moment.answers.arguments == {
            Identity(7, 1_000): Arguments(b"sh\0-c", is_cut=False),
            Identity(8, 1_000): Arguments(b"cc", is_cut=False),
        }


@pytest.mark.parametrize(("exact", "asked_again"), [(True, [8, 9]), (False, [7, 8, 9])])
def test_who_has_not_run_keeps_its_arguments(
    *, exact: bool, asked_again: list[int]
) -> None:
    asked: list[int] = []

    class Lookups(FakeLookups):
        def cmdline(self, identity: Identity) -> bytes | None:
            asked.append(identity.pid)
            return super().cmdline(identity)

    titles = {7: b"sh", 8: b"title 5", 9: b"cc"}
    lookups, encoder, decoder = Lookups(titles), Encoder(), Decoder(SCHEMA)
    rows: list[Row] = [{"pid": pid, "utime": 5} for pid in (7, 8, 9)]
    later: list[Row] = [rows[0], {**rows[1], "utime": 6}, {**rows[2], "start_ticks": 9}]
    for some in (rows, later):
        asked.clear()
        encoder.start_anew()
        titles[8] = b"title %d" % some[1]["utime"]
        sample = make_sample(some)
        if exact:
            sample = replace(sample, ticks_per_second=10**9)
        moment = decoder.moment(encoder.payload(sample, lookups, "", 0), is_key=True)
    assert asked == asked_again
    known = moment.answers.arguments
    assert known[Identity(7, 1_000)].raw == b"sh"
    assert known[Identity(8, 1_000)].raw == b"title 6"


def test_arguments_go_with_their_process() -> None:
    lookups = FakeLookups({7: b"sh", 8: b"cc"})
    lookups.cut_commands = frozenset({Identity(8, 1_000)})
    samples = [
        make_sample([{"pid": pid} for pid in pids]) for pids in ([7, 8], [8], [])
    ]
    known = [moment.answers.arguments for moment in round_trip(samples, lookups)]
    assert [sorted(one) for one in known] == [
        [(7, 1_000), (8, 1_000)], [(8, 1_000)], [],
    ]  # fmt: skip
    assert known[1][Identity(8, 1_000)].is_cut


def test_events_of_kinds_that_this_version_does_not_know_are_left_out() -> None:
    kinds = (fork(7, 1), exec_(7, 2), {**fork(7, 3), "kind": 77}, failed(7, 4))
    (moment,) = round_trip([make_sample([{"pid": 7}], starts=make_starts(kinds))])
    starts = moment.sample.starts
    assert starts is not None
    assert starts.time_ns.tolist() == [1, 2, 4]


def test_without_arguments_there_are_none() -> None:
    encoder = Encoder(arguments=False, of_events=False)
    lookups = FakeLookups({7: b"psql\0secret"})
    asked = SENDER._replace(cmdline=b"kill\0secret")
    death = make_death(sender=asked, request=Request(asked, 5))
    sample = make_sample(
        [{"pid": 7}],
        exits=make_exits([{"pid": 9, "cmdline": b"a\0secret", "death": death}]),
        starts=make_starts([exec_(9, 6, cmdline=b"a\0secret")]),
    )
    payload = encoder.payload(sample, lookups, "kernel", 0)
    assert b"secret" not in payload
    moment = Decoder(SCHEMA).moment(payload, is_key=True)
    assert moment.answers.arguments == {}
    exits, starts = moment.sample.exits, moment.sample.starts
    assert exits is not None
    assert starts is not None
    # That there were arguments tells programs from kernel threads.
    for events in (exits, starts):
        assert events.cmdline_bytes.tolist() == [len(b"a\0secret")]


def test_columns_of_another_version_are_left_out_and_missing_ones_unknown() -> None:
    names = ("future", *(name for name in FIELDS if name != "majflt"))
    sample = make_sample([{"pid": 7, "majflt": 5}])
    payload = Encoder().payload(sample, FakeLookups(), "kernel", 0)
    # `majflt` has the place of a column that nobody knows.
    places = [*FIELDS]
    places[places.index("majflt")] = "future"
    assert set(names) == set(places)
    table = Decoder({**SCHEMA, "processes": tuple(places)}).moment(
        payload, is_key=True
    ).sample.processes  # fmt: skip
    assert table.majflt.tolist() == [UNKNOWN]
    assert table.pid.tolist() == [7]


@given(st.integers(0, 5_000), st.binary(min_size=1, max_size=8))
def test_damaged_payloads_are_refused_or_are_samples(at: int, noise: bytes) -> None:
    one = make_sample(
        [{"pid": pid} for pid in range(1, 20)],
        exits=make_exits([{"pid": 70, "cmdline": b"cc", "death": DEATH}]),
        starts=make_starts([fork(70, 5)]),
    )
    encoder, lookups = Encoder(), FakeLookups({7: b"sh"})
    payloads = [encoder.payload(one, lookups, "kernel", 0) for _ in range(2)]
    for number, payload in enumerate(payloads):
        place = at % len(payload)
        damaged = payload[:place] + noise + payload[place + len(noise) :]
        decoder = Decoder(SCHEMA)
        try:
            for before in itertools.islice(payloads, number):
                decoder.moment(before, is_key=True)
            moment = decoder.moment(damaged, is_key=number == 0)
        except MontaukError:
            continue
        assert len(moment.sample.processes.pid) == len(moment.sample.processes)


@pytest.mark.parametrize("part", ["rows", "exits", "starts", "ending", "cpus"])
def test_a_few_bytes_do_not_take_all_memory(part: str) -> None:
    """A column of zeros has no size of its own."""
    blocks = Blocks()
    facts = {"rows": 0, "cpus": 2, "whole_ticks": True, "set": {}, part: 1 << 22}
    blocks.add(json.dumps(facts).encode())
    for _ in range(40):
        blocks.add((1 << 22).to_bytes(4, "little"))
    tracemalloc.start()
    with pytest.raises(MontaukError):
        Decoder(SCHEMA).moment(blocks.bytes(), is_key=True)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 100 << 20


def test_a_host_whose_ticks_are_no_whole_numbers() -> None:
    host = make_host([cpu_ticks(user=0.5, idle=float("nan"))])
    same(
        [make_sample(host=host), make_sample(host=replace(host, load=(1.0, 2.0, 3.0)))]
    )


def test_a_fact_that_was_dropped_is_said_again_when_it_returns() -> None:
    """And what is unknown twice is written once."""
    encoder, decoder = Encoder(), Decoder(SCHEMA)
    sample, known = make_sample([{"pid": 7}]), FakeLookups()
    found, payloads = [], []
    for samples in (3, 1, 3):
        is_key = encoder.is_key
        payload = encoder.payload(sample, known, "kernel", 0, samples)
        payloads.append(json.loads(Reader(payload).take()))
        found.append(decoder.moment(payload, is_key=is_key).samples)
    assert found == [3, 1, 3]
    assert payloads[0]["set"]["host.read_s"] is None
    assert [it["set"] for it in payloads[1:]] == [{}, {"samples": 3}]


def test_of_many_events_with_long_arguments_the_beginnings_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A reader makes all as wide as the longest, and takes no more than that."""
    for module in (blocks, tables):
        monkeypatch.setattr(module, "MOST_RAW_BYTES", 4_000)
    rows = [{"pid": pid, "cmdline": b"cc\0-c"} for pid in range(1, 100)]
    rows.append({"pid": 100, "cmdline": b"ld\0" + b"x" * 300})
    (moment,) = round_trip([make_sample([{"pid": 7}], exits=make_exits(rows))])
    exits = moment.sample.exits
    assert exits.cmdline[0] == b"cc\0-c"
    assert exits.cmdline[99] == b"ld\0" + b"x" * 37
    assert cut_lines(exits.cmdline, exits.cmdline_bytes).tolist() == [False] * 99 + [
        True
    ]
