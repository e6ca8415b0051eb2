"""Counters that cost a file each: /proc/PID/io, status and schedstat."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.collectors.procfs.collector import TraditionalCollector
from montauk_tui.collectors.procfs.enrich.counters import (
    Counts,
    parse_io,
    parse_schedstat,
    parse_switches,
)
from montauk_tui.model.schema import UNKNOWN, Need
from tests.support.fakeproc import FakeProc, FakeProcess, OpenCount

IO = b"""\
rchar: 10
wchar: 20
syscr: 3
syscw: 4
read_bytes: 4096
write_bytes: 8192
cancelled_write_bytes: 4096
"""
STATUS = b"""\
Name:\tworker
Groups:\t%s
voluntary_ctxt_switches:\t150
nonvoluntary_ctxt_switches:\t545
x86_Thread_features_locked:\t
"""
SCHEDSTAT = b"8191541 300700 12\n"

PARSERS = [parse_io, parse_switches, parse_schedstat]


def add(proc: FakeProc, *threads: FakeProcess) -> FakeProcess:
    """Add a process, and threads whose counters are another's."""
    process = proc.add(FakeProcess(900), *threads)
    folders = ["900", *(f"900/task/{thread.pid}" for thread in threads)]
    for count, folder in enumerate(folders):
        proc.write(f"{folder}/io", IO.replace(b"4096", b"%d" % (4096 + count)))
        proc.write(f"{folder}/status", STATUS % b"")
        proc.write(f"{folder}/schedstat", SCHEDSTAT)
    return process


def test_what_the_files_say(proc: FakeProc, traditional: TraditionalCollector) -> None:
    add(proc)
    table = traditional.sample(Need.IO | Need.SWITCHES | Need.WAIT).processes
    told = {
        name: getattr(table, name).tolist()
        for name in (
            "read_bytes", "write_bytes", "rchar", "wchar", "voluntary_switches",
            "involuntary_switches", "run_delay_ns",
        )
    }  # fmt: skip
    assert told == {
        "read_bytes": [4096], "write_bytes": [4096], "rchar": [10], "wchar": [20],
        "voluntary_switches": [150], "involuntary_switches": [545],
        "run_delay_ns": [300700],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("need", "name"),
    [(Need.IO, "io"), (Need.SWITCHES, "status"), (Need.WAIT, "schedstat")],
)
def test_only_the_file_that_is_asked_for_is_opened(
    proc: FakeProc,
    traditional: TraditionalCollector,
    monkeypatch: pytest.MonkeyPatch,
    need: Need,
    name: str,
) -> None:
    add(proc)
    traditional.sample(Need.NONE)
    opened = OpenCount(monkeypatch)
    traditional.sample(Need.NONE)
    assert opened.of_processes == ["900/stat"]
    opened.clear()
    traditional.sample(need)
    assert opened.of_processes == sorted(["900/stat", f"900/{name}"])


def test_threads_have_files_of_their_own(
    proc: FakeProc, traditional: TraditionalCollector
) -> None:
    add(proc, FakeProcess(901), FakeProcess(902))
    table = traditional.sample(Need.IO | Need.THREADS).processes
    assert table.pid.tolist() == [900, 901, 902]
    assert table.read_bytes.tolist() == [4096, 4097, 4098]


def test_what_may_not_be_read_is_unknown_and_the_others_are_not(
    proc: FakeProc, traditional: TraditionalCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(proc)
    proc.add(FakeProcess(901))
    proc.write("901/io", IO)
    proc.add(FakeProcess(902))

    def refuse(path: str) -> None:
        if path == "901/io":
            raise PermissionError(path)

    OpenCount(monkeypatch).before_each(refuse)
    table = traditional.sample(Need.IO).processes
    assert table.read_bytes.tolist() == [4096, UNKNOWN, UNKNOWN]
    assert table.wchar.tolist() == [20, UNKNOWN, UNKNOWN]
    assert table.voluntary_switches.tolist() == [UNKNOWN] * 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read the I/O of everyone")
def test_another_users_io_is_unknown_and_its_waits_are_known() -> None:
    with TraditionalCollector() as traditional:
        table = traditional.sample(Need.IO | Need.WAIT).processes
    others = table.uid != os.geteuid()
    if not others.any():
        pytest.skip("no other user's process is to be seen")
    assert (table.read_bytes[others] == UNKNOWN).any()
    assert (table.run_delay_ns[others] != UNKNOWN).any()


def test_a_name_that_looks_like_a_counter_is_none() -> None:
    text = b"Name:\tx\nvoluntary_ctxt_switches:\t7\n" + STATUS % (b"1 " * 2000)
    assert parse_switches(text) == {
        "voluntary_switches": 150,
        "involuntary_switches": 545,
    }


def test_a_kernel_that_does_not_count_waits_is_not_believed() -> None:
    with pytest.raises(ValueError, match=r"^$"):
        parse_schedstat(b"0 0 0\n")
    assert parse_schedstat(b"5 0 1\n") == {"run_delay_ns": 0}


@pytest.mark.parametrize("parse", PARSERS)
@given(text=st.binary(max_size=200))
def test_no_bytes_are_more_than_a_value_error(parse: object, text: bytes) -> None:
    assert callable(parse)
    try:
        counts: Counts = parse(text)
    except ValueError:
        return
    assert all(0 <= count < 10**18 for count in counts.values())


@pytest.mark.parametrize("cut", range(len(IO) - 30))
def test_half_an_io_file_is_unknown(cut: int) -> None:
    text = IO[:cut]
    if b"write_bytes: 8" in text:
        return
    with pytest.raises(ValueError, match=r"^$"):
        parse_io(text)
