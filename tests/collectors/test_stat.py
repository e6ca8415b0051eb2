"""`parse_stats` on what kernels print, and on what none would."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.collectors.procfs import stat as package
from montauk_tui.collectors.procfs.stat import KnownStats, RawStat, Texts, parse_stats
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import FIELDS
from tests.support.fakeproc import FakeProcess, kernel_thread

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def raw(*processes: FakeProcess) -> list[RawStat]:
    return [(process.pid, process.stat) for process in processes]


def pids(table: ProcessTable) -> list[int]:
    return [int(pid) for pid in table.pid]


def row(table: ProcessTable, pid: int) -> dict[str, int]:
    """Return every column of a process, to compare it as a whole."""
    index = pids(table).index(pid)
    return {name: int(getattr(table, name)[index]) for name in FIELDS}


def test_every_number_is_found_at_its_place() -> None:
    numbers = " ".join(str(1000 + position) for position in range(49))
    table = parse_stats([(77, f"77 (name) S {numbers}\n".encode())])
    found = row(table, 77)
    assert found["ppid"] == 1000
    assert found["tty"] == 1003
    assert found["flags"] == 1005
    assert (found["minflt"], found["majflt"]) == (1006, 1008)
    assert (found["utime"], found["stime"]) == (1010, 1011)
    assert (found["cutime"], found["cstime"]) == (1012, 1013)
    assert (found["priority"], found["nice"], found["threads"]) == (1014, 1015, 1016)
    assert (found["start_ticks"], found["virt_bytes"]) == (1018, 1019)
    assert found["rss_bytes"] == 1020 * PAGE_BYTES
    assert (found["start_stack"], found["processor"]) == (1024, 1035)
    assert (found["rt_priority"], found["policy"]) == (1036, 1037)
    assert found["state"] == ord("S")


def test_a_real_line_reads_as_the_kernel_means_it() -> None:
    table = parse_stats([(os.getpid(), Path("/proc/self/stat").read_bytes())])
    found = row(table, os.getpid())
    assert found["ppid"] == os.getppid()
    assert found["session"] == os.getsid(0)
    assert found["pgrp"] == os.getpgrp()
    assert found["nice"] == os.getpriority(os.PRIO_PROCESS, 0)


@pytest.mark.parametrize(
    "comm",
    [
        b"a) S 1 2 3",
        b")",
        b") ",
        b"((",
        b" (x) ",
        b"two words",
        b"new\nline",
        b"1 (init) S 0",
        b"",
        b" ",
        b"\x1b[2J\xff",
        b"kworker/u129:7+xfs-conv/very-long-name-of-a-block-device-nvme0n1",
    ],
)
def test_any_name_ends_at_the_last_parenthesis(comm: bytes) -> None:
    process = FakeProcess(4242, comm, ppid=17, utime=5)
    table = parse_stats(raw(FakeProcess(1), process, FakeProcess(5000)))
    assert pids(table) == [1, 4242, 5000]
    assert table.comm[1] == comm
    assert (table.ppid[1], table.utime[1]) == (17, 5)


def test_the_longest_name_of_a_kworker_is_whole() -> None:
    comm = b"k" * 64
    table = parse_stats(raw(kernel_thread(9, comm)))
    assert table.comm[0] == comm
    assert bool(table.is_kernel[0])


def test_a_name_beyond_every_limit_is_cut_not_refused() -> None:
    table = parse_stats(raw(FakeProcess(9, b"n" * 500)))
    assert table.comm[0] == b"n" * 64


def test_a_limit_beyond_int64_leaves_the_other_numbers_alone() -> None:
    process = FakeProcess(5, start_ticks=77)
    assert b" 18446744073709551615 " in process.stat
    assert row(parse_stats(raw(process)), 5)["start_ticks"] == 77


def test_pages_beyond_int64_are_not_negative_bytes() -> None:
    table = parse_stats(raw(FakeProcess(5, rss_pages=2**60)))
    assert table.rss_bytes[0] > 2**60


@pytest.mark.parametrize("count", [38, 41, 44, 49, 50, 60])
def test_older_and_newer_kernels_have_fewer_and_more_fields(count: int) -> None:
    numbers = " ".join(str(position) for position in range(count))
    table = parse_stats([(3, f"3 (name) R {numbers}\n".encode())])
    assert table.policy[0] == 37


def test_lines_of_different_length_mix() -> None:
    short = b"3 (old) R " + b" ".join(b"%d" % n for n in range(41)) + b"\n"
    table = parse_stats([*raw(FakeProcess(2)), (3, short), *raw(FakeProcess(4))])
    assert pids(table) == [2, 3, 4]
    assert table.policy[1] == 37


BROKEN = [
    b"",
    b"\n",
    b"8",
    b"8 (",
    b"8 (name",
    b"8 (name)",
    b"8 (name) ",
    b"8 (name) S",
    b"8 (name) S ",
    b"8 (name) S 1 2 3\n",
    b"8 (name) S " + b"1 " * 37 + b"x\n",
    b"8 (name) S " + b"-- " * 49 + b"\n",
    b"8 (name) S " + b"1-2 " * 49 + b"\n",
    b"8 (name) S - " + b"1 " * 36 + b"\n",
    b"8 name S " + b"1 " * 49,
    b"x (name) S " + b"1 " * 49,
    b"-8 (name) S " + b"1 " * 49,
    b"(name) S " + b"1 " * 49,
    b"9" * 30 + b" (name) S " + b"1 " * 49,
    b"9" * 5000 + b" (name) S " + b"1 " * 49,
    b"8 (name) S " + b"9" * 5000 + b"x 1" * 48,
]


@pytest.mark.parametrize("text", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_broken_line_costs_no_good_one(text: bytes, position: int) -> None:
    good = raw(FakeProcess(2, utime=22), FakeProcess(99, utime=33))
    table = parse_stats([*good[:position], (8, text), *good[position:]])
    for process in (FakeProcess(2, utime=22), FakeProcess(99, utime=33)):
        assert row(table, process.pid) == row(parse_stats(raw(process)), process.pid)
    assert 8 not in pids(table)


def test_a_number_of_any_length_costs_no_good_line() -> None:
    endless = b"8 (name) S " + b"9" * 5000 + b" 1" * 48
    table = parse_stats([(8, endless), *raw(FakeProcess(9, utime=22))])
    assert row(table, 9)["utime"] == 22


def test_errors_that_cancel_out_shift_no_row() -> None:
    """A number too few in one line and one too many in another are both noticed."""
    good = FakeProcess(5, utime=55)
    fewer = FakeProcess(6).stat.replace(b" 20 0 ", b" 20  ", 1)
    more = FakeProcess(7).stat.replace(b" 20 0 ", b" 2\n0 0 ", 1)
    table = parse_stats([(6, fewer), *raw(good), (7, more)])
    assert row(table, 5) == row(parse_stats(raw(good)), 5)


def test_no_lines_are_no_rows() -> None:
    assert len(parse_stats([])) == 0
    assert len(parse_stats([(1, b"rubbish")])) == 0


def test_rows_are_sorted_and_the_first_of_two_with_one_pid_stays() -> None:
    first, second = FakeProcess(30, b"first"), FakeProcess(30, b"second")
    table = parse_stats(raw(FakeProcess(40), first, FakeProcess(20), second))
    assert pids(table) == [20, 30, 40]
    assert table.comm[1] == b"first"


@pytest.mark.parametrize("pid", [32768, 32769, 99999, 4194303, 4194304])
def test_pids_beyond_the_old_limit(pid: int) -> None:
    process = FakeProcess(pid, ppid=4194301, start_ticks=6)
    table = parse_stats(raw(FakeProcess(7), process))
    assert table.row_of(Identity(pid, 6)) == 1
    assert table.ppid[1] == 4194301


def test_a_thread_keeps_the_process_it_belongs_to() -> None:
    table = parse_stats([(10, FakeProcess(10).stat), (10, FakeProcess(12).stat)])
    assert table.tgid.tolist() == [10, 10]
    assert table.is_process.tolist() == [True, False]


@given(st.lists(st.tuples(st.integers(1, 2**22), st.binary(max_size=400))))
def test_no_bytes_at_all_raise(lines: list[RawStat]) -> None:
    table = parse_stats(lines)
    assert np.all(np.diff(table.pid) > 0)


@st.composite
def mutated_lines(draw: st.DrawFn) -> bytes:
    """Return a line of a real shape with a piece taken out, doubled or replaced."""
    comm = draw(st.binary(max_size=70))
    text = FakeProcess(draw(st.integers(1, 2**22)), comm).stat
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 12)))
    piece = draw(
        st.one_of(
            st.binary(max_size=6),
            st.sampled_from([b" ", b"-", b"\n", b")", b"(", b"_", b"9" * 25, b"\0"]),
            st.just(text[start:end] * 2),
        )
    )
    return text[:start] + piece + text[end:]


GOOD = [
    FakeProcess(2**22 + 1, b"alpha", utime=1, start_ticks=11),
    FakeProcess(2**22 + 2, b"be) ta", utime=2, start_ticks=12),
    FakeProcess(2**22 + 3, b"", utime=3, start_ticks=13),
]


@given(st.lists(mutated_lines(), max_size=6), st.integers(0, 3))
def test_good_rows_survive_among_mutated_ones(texts: list[bytes], split: int) -> None:
    good = raw(*GOOD)
    bad = [(8, text) for text in texts if not text.startswith(b"419430")]
    table = parse_stats([*good[:split], *bad, *good[split:]])
    for process in GOOD:
        alone = row(parse_stats(raw(process)), process.pid)
        assert row(table, process.pid) == alone
        assert table.comm[pids(table).index(process.pid)] == process.comm


# --- from sample to sample ------------------------------------------------------------


def is_same(table: ProcessTable, other: ProcessTable) -> bool:
    return table.comm.tolist() == other.comm.tolist() and all(
        np.array_equal(getattr(table, name), getattr(other, name)) for name in FIELDS
    )


def texts(before: dict[int, bytes], now: dict[int, bytes]) -> Texts:
    """Return what the files of a sample say; an empty text is that of no file."""
    ids = sorted(now)
    return Texts(
        np.array(ids, dtype=np.int64),
        np.array([before.get(it, b"") != now[it] for it in ids], dtype=np.bool_),
        np.array([bool(now[it]) for it in ids], dtype=np.bool_),
        lambda rows: [now[ids[row]] for row in rows],
    )


def test_a_text_that_did_not_change_is_not_parsed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed: list[int] = []

    def spy(raw: Iterable[RawStat]) -> ProcessTable:
        texts = list(raw)
        parsed.extend(pid for pid, _ in texts)
        return parse_stats(texts)

    monkeypatch.setattr(package, "parse_stats", spy)
    known = KnownStats()
    files = {pid: FakeProcess(pid).stat for pid in (1, 2, 3)}
    first = known.table(texts({}, files))
    assert parsed == [1, 2, 3]
    assert known.table(texts(files, files)) is first
    later = {**files, 2: FakeProcess(2, utime=5).stat, 9: FakeProcess(9).stat}
    del later[3]
    parsed.clear()
    assert pids(known.table(texts(files, later))) == [1, 2, 9]
    assert parsed == [2, 9]


def test_threads_have_the_process_that_they_were_read_for() -> None:
    files = {pid: FakeProcess(pid).stat for pid in (11, 12)}
    read = texts({}, files)
    table = KnownStats().table(read, np.array([10, 9]))
    assert table.tgid.tolist() == [10, 9]


TEXTS = st.dictionaries(
    st.integers(1, 6),
    st.one_of(
        st.sampled_from([b"", b"1 (cut", b"2 (one) S 1 2"]),
        st.builds(
            lambda pid, utime: FakeProcess(pid, utime=utime).stat,
            st.integers(1, 6),
            st.integers(0, 2),
        ),
    ),
)


@given(st.lists(TEXTS, max_size=4))
def test_it_is_the_table_of_all_texts_of_their_own_ids(
    samples: list[dict[int, bytes]],
) -> None:
    known = KnownStats()
    before: dict[int, bytes] = {}
    for now in samples:
        own = [raw for raw in now.items() if raw[1].startswith(b"%d " % raw[0])]
        assert is_same(known.table(texts(before, now)), parse_stats(own))
        before = now
