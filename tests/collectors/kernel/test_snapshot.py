"""Records of the task iterator, made by hand, and the table that becomes of them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.collectors.cputime import split_run_time
from montauk_tui.collectors.kernel.log import Records
from montauk_tui.collectors.kernel.records import TASK, all_int_columns
from montauk_tui.collectors.kernel.snapshot import (
    _states,
    never_back,
    settled_zombies,
    stand_ins,
    to_table,
)
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import FIELDS, UNKNOWN, Need
from tests.support.builders import make_table
from tests.support.needs import EVERYTHING

HZ = 100
MS = 10**6


def tasks(*rows: dict[str, Any]) -> Records:
    """Return the records of threads; one without a tgid is a leader."""
    made = np.zeros(len(rows), dtype=TASK)
    for record, row in zip(made, rows, strict=True):
        for name, value in {"tgid": row["pid"], **row}.items():
            record[name] = value
    return made


def table(
    *rows: dict[str, Any], threads: bool = False, needs: Need = Need.NONE
) -> ProcessTable:
    more = Need.THREADS if threads else Need.NONE
    return to_table(tasks(*rows), HZ, needs | more)


def cpu_ns(made: ProcessTable) -> list[int]:
    found: list[int] = (made.utime + made.stime).tolist()
    return found


def test_the_threads_of_a_process_are_summed() -> None:
    made = table(
        {"pid": 5, "run_ns": 10, "minflt": 1, "majflt": 2},
        {"pid": 7, "run_ns": 1_000, "minflt": 100},
        {"pid": 8, "tgid": 5, "run_ns": 20, "minflt": 3},
        {"pid": 9, "tgid": 5, "run_ns": 30, "majflt": 4},
    )
    assert made.pid.tolist() == [5, 7]
    assert cpu_ns(made) == [60, 1_000]
    assert made.minflt.tolist() == [4, 100]
    assert made.majflt.tolist() == [6, 0]


def test_counters_are_there_where_they_are_needed_each_thread_with_its_own() -> None:
    rows: tuple[dict[str, Any], ...] = (
        {"pid": 5, "read_bytes": 1, "run_delay_ns": 10, "voluntary_switches": 4},
        {"pid": 8, "tgid": 5, "read_bytes": 3, "run_delay_ns": 20},
    )
    assert table(*rows).read_bytes.tolist() == [UNKNOWN]
    made = table(*rows, threads=True, needs=Need.IO | Need.WAIT)
    assert made.read_bytes.tolist() == [4, 3]
    assert made.run_delay_ns.tolist() == [30, 20]
    assert made.voluntary_switches.tolist() == [UNKNOWN, UNKNOWN]


def test_counters_never_go_back_where_they_are_known() -> None:
    before = table({"pid": 5, "wchar": 9, "majflt": 7}, needs=Need.IO)
    made = never_back(before, table({"pid": 5, "wchar": 8}, needs=Need.IO), Need.IO)
    assert (made.wchar.tolist(), made.majflt.tolist()) == ([9], [7])
    made = never_back(before, table({"pid": 5}))
    assert made.wchar.tolist() == [UNKNOWN]
    made = never_back(table({"pid": 5}), before, Need.IO)
    assert made.wchar.tolist() == [9]


def test_threads_that_ended_count() -> None:
    alone = table({"pid": 5, "run_ns": 10, "dead_run_ns": 500, "minflt": 6})
    assert (cpu_ns(alone), alone.minflt.tolist()) == ([510], [6])
    among = table(
        {"pid": 5, "run_ns": 10, "dead_run_ns": 500},
        {"pid": 6, "tgid": 5, "run_ns": 1},
    )
    assert cpu_ns(among) == [511]


LED: dict[str, Any] = {"pid": 5, "run_ns": 10, "exit_state": 0x20, "threads": 3}
"""A leader that ended before its threads."""


def test_a_process_whose_leader_ended_has_state_and_memory_of_a_living_thread() -> None:
    rows: tuple[dict[str, Any], ...] = (
        LED,
        {"pid": 6, "tgid": 5, "run_ns": 50, "exit_state": 0x10, "anon_pages": 1},
        {"pid": 7, "tgid": 5, "run_ns": 40, "state": 1, "anon_pages": 3,
         "file_pages": 2, "virt_pages": 9, "start_stack": 11},
        {"pid": 8, "tgid": 5, "state": 2, "anon_pages": 99, "virt_pages": 9},
        {"pid": 9, "exit_state": 0x20, "threads": 1},
    )  # fmt: skip
    made = table(*rows)
    assert made.pid.tolist() == [5, 9]
    assert cpu_ns(made) == [100, 0]
    assert made.state.tolist() == [ord("S"), ord("Z")]
    assert made.threads.tolist() == [3, 1]
    page = made.virt_bytes[0] // 9
    assert made.rss_bytes.tolist() == [5 * page, 0]
    assert made.shared_bytes.tolist() == [2 * page, 0]
    assert made.start_stack.tolist() == [11, 0]
    assert stand_ins(tasks(*rows)) == {5: 7}
    assert settled_zombies(tasks(*rows)).tolist() == [5, 6, 9]


def test_threads_of_a_process_whose_leader_ended_have_its_memory() -> None:
    living = {"pid": 7, "tgid": 5, "anon_pages": 3, "virt_pages": 9}
    made = table(LED, living, threads=True)
    page = made.virt_bytes[0] // 9
    assert made.rss_bytes.tolist() == [3 * page, 3 * page]


def test_nobody_stands_in_for_who_has_no_living_thread() -> None:
    rows: tuple[dict[str, Any], ...] = (
        LED,
        {"pid": 6, "tgid": 5, "exit_state": 0x10},
    )
    assert table(*rows).state.tolist() == [ord("Z")]
    assert stand_ins(tasks(*rows)) == {}


def test_pages_that_threads_keep_to_themselves_count() -> None:
    """Before Linux 6.2 (SPLIT_RSS_COUNTING)."""
    made = table(
        {"pid": 5, "anon_pages": 10, "file_pages": 4, "virt_pages": 30},
        {"pid": 6, "tgid": 5, "anon_pages": 3, "file_pages": -1},
        {"pid": 7, "tgid": 5, "anon_pages": 2},
        {"pid": 8, "tgid": 4, "anon_pages": 7},
    )
    page = made.virt_bytes[0] // 30
    assert made.rss_bytes.tolist() == [18 * page]
    assert made.shared_bytes.tolist() == [3 * page]


def test_what_is_written_is_less_what_another_thread_cancelled() -> None:
    made = table(
        {"pid": 5, "write_bytes": 100},
        {"pid": 6, "tgid": 5, "write_bytes": 2**64 - 70},
        {"pid": 7, "write_bytes": 2**64 - 9},
        needs=Need.IO,
    )
    assert made.write_bytes.tolist() == [30, 0]
    later = table({"pid": 5, "write_bytes": 7}, needs=Need.IO)
    assert never_back(made, later, Need.IO).write_bytes.tolist() == [7]


def test_a_thread_whose_leader_is_not_there_is_nobody() -> None:
    for threads in (False, True):
        made = table(
            {"pid": 5, "run_ns": 10},
            {"pid": 6, "tgid": 4, "run_ns": 7},
            threads=threads,
        )
        assert made.pid.tolist() == [5]
        assert cpu_ns(made) == [10]


def test_no_task_at_all() -> None:
    for threads in (False, True):
        assert len(table(threads=threads)) == 0


def test_rows_of_threads() -> None:
    """A thread has a time of its own; a process that of all its threads."""
    made = table(
        {"pid": 3, "tgid": 5, "run_ns": 20, "comm": b"older"},
        {
            "pid": 5, "run_ns": 10, "dead_run_ns": 3, "ppid": 1, "pgrp": 4,
            "session": 3, "tty": 34816, "threads": 2, "virt_pages": 9,
            "anon_pages": 8, "cutime": 77, "comm": b"process",
        },
        {"pid": 6, "run_ns": 5, "comm": b"other"},
        {"pid": 8, "tgid": 5, "run_ns": 30, "comm": b"worker"},
        threads=True,
    )  # fmt: skip
    assert made.pid.tolist() == [3, 5, 6, 8]
    assert made.tgid.tolist() == [5, 5, 6, 5]
    assert made.comm.tolist() == [b"older", b"process", b"other", b"worker"]
    assert cpu_ns(made) == [20, 63, 5, 30]
    for name in (
        "ppid", "pgrp", "session", "tty", "threads", "virt_bytes", "rss_bytes",
        "cutime",
    ):  # fmt: skip
        column = getattr(made, name).tolist()
        assert column[0] == column[1] == column[3] != column[2], name


def test_times_of_start_are_the_ticks_of_proc() -> None:
    made = table(
        {"pid": 1, "start_ns": 0},
        {"pid": 2, "start_ns": 10 * MS - 1},
        {"pid": 3, "start_ns": 10 * MS},
        {"pid": 4, "start_ns": 2**62},
    )
    assert made.start_ticks.tolist() == [0, 0, 1, 2**62 // (10 * MS)]


def test_memory_is_never_negative() -> None:
    """Counters of single CPUs may be ahead of each other (percpu_counter)."""
    made = table(
        {"pid": 1, "file_pages": 3, "anon_pages": 4, "shmem_pages": 2, "swap_pages": 5},
        {"pid": 2, "file_pages": -3, "anon_pages": 1},
    )
    page = made.rss_bytes[0] // 9
    assert made.rss_bytes.tolist() == [9 * page, page]
    assert made.shared_bytes.tolist() == [5 * page, 0]


def test_priorities() -> None:
    made = table(
        {"pid": 1, "prio": 120, "static_prio": 120},
        {"pid": 2, "prio": 139, "static_prio": 139},
        {"pid": 3, "prio": 50, "static_prio": 100},
    )
    assert made.priority.tolist() == [20, 39, -50]
    assert made.nice.tolist() == [0, 19, -20]


def test_every_column_is_known() -> None:
    made = table({"pid": 1}, needs=EVERYTHING)
    unknown = [name for name in FIELDS if np.any(getattr(made, name) == UNKNOWN)]
    # It comes from a file (collectors.procfs.enrich.containers).
    assert unknown == ["in_container"]


# --- user and system time -------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "ticks", "split"),
    [
        (100, (0, 0), (100, 0)),
        (100, (5, 0), (100, 0)),
        (100, (0, 5), (0, 100)),
        (100, (3, 1), (75, 25)),
        (0, (3, 1), (0, 0)),
        (2**62, (0, 0), (2**62, 0)),
    ],
)
def test_ticks_give_the_proportion(
    run: int, ticks: tuple[int, int], split: tuple[int, int]
) -> None:
    user, system = split_run_time(
        np.array([run]), np.array([ticks[0]]), np.array([ticks[1]])
    )
    assert (user[0], system[0]) == split


TIME = st.integers(0, 2**62)


@given(st.lists(st.tuples(st.integers(0, 2**53), TIME, st.integers(0, 2**61))))
def test_user_and_system_time_are_the_run_time(
    rows: list[tuple[int, int, int]],
) -> None:
    run, utime, stime = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    user, system = split_run_time(run, utime, stime)
    assert np.array_equal(user + system, run)
    assert np.all(user >= 0)
    assert np.all(system >= 0)


TIMES = st.dictionaries(
    st.integers(1, 6), st.tuples(st.integers(0, 50), st.integers(0, 50))
)


def rows_of(times: dict[int, tuple[int, int]]) -> ProcessTable:
    return make_table(
        [
            {"pid": pid, "utime": user, "stime": sys}
            for pid, (user, sys) in times.items()
        ]
    )


@given(TIMES, TIMES)
def test_times_never_go_back(
    earlier: dict[int, tuple[int, int]], later: dict[int, tuple[int, int]]
) -> None:
    """And what is more in all is kept to the nanosecond."""
    fixed = never_back(rows_of(earlier), rows_of(later))
    for row, (pid, (user, system)) in enumerate(sorted(later.items())):
        before = earlier.get(pid, (0, 0))
        assert fixed.utime[row] >= before[0]
        assert fixed.stime[row] >= before[1]
        assert cpu_ns(fixed)[row] == max(user + system, sum(before))
        if user >= before[0] and system >= before[1]:
            assert (fixed.utime[row], fixed.stime[row]) == (user, system)


def test_a_reused_pid_starts_anew() -> None:
    before = make_table([{"pid": 1, "utime": 90, "start_ticks": 5}])
    now = make_table([{"pid": 1, "utime": 3, "start_ticks": 6}])
    assert never_back(before, now).utime.tolist() == [3]


# --- states ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "exit_state", "letter"),
    [
        (0x0000, 0, "R"),
        (0x0001, 0, "S"),
        (0x0002, 0, "D"),
        (0x0004, 0, "T"),
        (0x0008, 0, "t"),
        (0x0000, 0x10, "X"),
        (0x0080, 0x20, "Z"),
        (0x0080, 0x10, "X"),
        (0x0040, 0, "P"),
        (0x0402, 0, "I"),
        (0x0102, 0, "D"),
        (0x2001, 0, "S"),
        (0x0004 | 0x0100, 0, "T"),
        (0x0008 | 0x0100, 0, "t"),
        (0x8000, 0, "D"),
        (0x1000, 0, "D"),
        (0x0800, 0, "R"),
    ],
    ids=str,
)
def test_letters_of_states(state: int, exit_state: int, letter: str) -> None:
    """As task_state_index has them (include/linux/sched.h)."""
    codes = _states(np.array([state]), np.array([exit_state]))
    assert chr(codes[0]) == letter


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))))
def test_any_bits_have_a_letter(bits: list[tuple[int, int]]) -> None:
    state, exit_state = np.array(bits, dtype=np.int64).reshape(len(bits), 2).T
    codes = _states(state, exit_state)
    assert {chr(code) for code in codes.tolist()} <= set("RSDTtXZPI")


def test_zombies_that_have_left_their_cpu() -> None:
    found = settled_zombies(
        tasks(
            {"pid": 1, "exit_state": 0, "on_cpu": 0},
            {"pid": 2, "exit_state": 0x20, "on_cpu": 1},
            {"pid": 3, "exit_state": 0x20, "on_cpu": 0},
            {"pid": 4, "exit_state": 0x10, "on_cpu": 0},
        )
    )
    assert found.tolist() == [3, 4]


@pytest.mark.parametrize("leader", [[], [{"pid": 3, "tgid": 3, "threads": 1}]])
def test_threads_without_their_process_are_no_rows(
    leader: list[dict[str, int]],
) -> None:
    alone = {"pid": 5, "tgid": 4}
    for needs in (Need.NONE, Need.THREADS):
        found = to_table(tasks(*leader, alone), 100, needs)
        assert found.pid.tolist() == [row["pid"] for row in leader]


def test_every_number_of_a_record_is_a_column() -> None:
    """Words and halves of words lie side by side."""
    rows = np.zeros(3, dtype=TASK)
    names = [name for name in TASK.names or () if name != "comm"]
    for at, name in enumerate(names):
        signed = TASK[name].kind == "i"
        rows[name] = [at, at + 1000, -at if signed else at + 2000]
    columns = all_int_columns(rows)
    assert columns.keys() == set(names)
    for name in names:
        assert columns[name].dtype == np.int64
        assert columns[name].tolist() == rows[name].tolist()
