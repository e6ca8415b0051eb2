"""The pure parts of bench/accuracy: from what tools print to figures."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.accuracy import cgroup, programs, record, table, top
from bench.accuracy.driver import SINGLE, Orders
from bench.accuracy.figures import Figures, Truth, explained_s, from_json, gap_s

TRUTH = Truth(started=4, cpu_s=2.0, mark="acc12", driver=100)


def process(pid: int, cpu_s: float | None, **others: Any) -> dict[str, Any]:
    return {
        "pid": pid,
        "ppid": 1,
        "start_time": 50.0,
        "alive": True,
        "comm": "acc12-sh",
        "cmdline": None,
        "cpu_pct": None if cpu_s is None else cpu_s * 100,
        "utime_s": cpu_s,
        "stime_s": None if cpu_s is None else 0.0,
        "lifetime_s": None,
        **others,
    }


def sample(
    processes: list[dict[str, Any]],
    exited_s: float | None = 0.5,
    unexplained_s: float = 0.1,
    lost: int = 0,
    time_s: float = 100.0,
) -> str:
    ledger = {
        "busy_s": 2.0,
        "live_s": 1.2,
        "exited_s": exited_s,
        "interrupts_s": 0.2,
        "unexplained_s": unexplained_s,
    }
    return json.dumps(
        {
            "time": time_s,
            "interval_s": 1.0,
            "collector": {"lost": lost},
            "ledger": ledger,
            "processes": processes,
        }
    )


def driver(cpu_s: float) -> dict[str, Any]:
    return process(100, cpu_s, comm="acc12-driver", start_time=40.0)


def figures(*later: str) -> Figures:
    return from_json([sample([driver(0.25)]), *later], TRUTH)


def test_the_ledgers_of_all_samples_but_the_first_are_added_up() -> None:
    found = figures(sample([]), sample([], None, -0.2, lost=3))
    assert found.busy_s == 4.0
    assert found.explained_s == pytest.approx(3.3)
    assert found.explained() == pytest.approx(0.825)
    assert (found.worst_s, found.lost) == (-0.2, 3)
    assert found.gap_s == pytest.approx(0.8)


def test_an_unknown_part_explains_nothing_and_does_not_break_the_books() -> None:
    ledger = json.loads(sample([], None, 0.6))["ledger"]
    assert explained_s(ledger) == pytest.approx(1.4)
    assert gap_s(ledger) == pytest.approx(0.0)


def test_what_the_driver_used_before_does_not_count() -> None:
    found = figures(sample([driver(0.75)]))
    assert found.told_s == pytest.approx(0.5)
    assert found.captured == 0


def test_members_are_known_by_name_by_arguments_and_by_descent() -> None:
    ended = [
        process(1, 0.5, alive=False),
        process(2, 0.25, alive=False, comm="sh", cmdline="/opt/acc12-sh job"),
        process(3, 0.125, alive=False, comm="", ppid=100),
        process(4, 9.0, alive=False, comm="make"),
    ]
    found = figures(sample([driver(0.25), *ended]))
    assert found.captured == 3
    assert found.told_s == pytest.approx(0.875)
    assert found.cpu_error(TRUTH) == pytest.approx(-0.5625)


def test_a_child_is_known_by_a_parent_that_is_listed_after_it() -> None:
    child = process(7, 0.1, comm="", ppid=6, alive=False, start_time=51.0)
    parent = process(6, 0.1, comm="", ppid=100)
    assert figures(sample([driver(0.25), child, parent])).captured == 1


def test_a_process_counts_with_its_whole_life_and_its_rows_with_each_interval() -> None:
    found = figures(
        sample([process(5, 0.25)]),
        sample([process(5, 0.75, cpu_pct=50.0, alive=False)]),
    )
    assert (found.told_s, found.by_rows_s) == (0.75, 0.75)
    assert (found.captured, found.repeated) == (1, 0)


def test_a_pid_that_is_given_away_again_is_another_process() -> None:
    first = process(5, 0.25, alive=False)
    second = process(5, 0.25, alive=False, start_time=60.0)
    assert figures(sample([first, second])).captured == 2


def test_a_process_that_is_listed_after_its_end_counts_once_and_is_told() -> None:
    ended = process(5, 0.25, alive=False)
    zombie = process(5, 0.25, cpu_pct=0.0)
    found = figures(sample([ended]), sample([zombie]))
    assert (found.captured, found.repeated, found.told_s) == (1, 1, 0.25)


def test_unknown_cpu_time_is_no_time_told() -> None:
    found = figures(sample([process(5, None, alive=False)]))
    assert (found.captured, found.told_s, found.by_rows_s) == (1, 0.0, 0.0)


def present(*samples: list[dict[str, Any]]) -> int | None:
    """Return the missing of samples a second apart, the first at 101 s."""
    return figures(
        *(sample(rows, time_s=101.0 + at) for at, rows in enumerate(samples))
    ).missing


def test_who_lived_while_a_sample_was_taken_must_be_in_it() -> None:
    young = process(5, 0.0, start_time=101.5)
    assert present([], [young], [young]) == 0
    assert present([], [], [young]) == 1
    assert present([], [young], [], [young]) == 1
    assert present([], [], [], [young, process(6, 0.0, start_time=101.5)]) == 2


def test_who_started_while_a_sample_was_taken_may_be_missing_in_it() -> None:
    assert present([], [process(5, 0.0, start_time=100.95)]) == 0


def test_who_ended_before_a_sample_need_not_be_in_it_though_told_later() -> None:
    ended = process(5, 0.0, start_time=101.2, lifetime_s=0.5, alive=False)
    assert present([], [], [], [ended]) == 0
    assert present([], [], [], [{**ended, "lifetime_s": 1.5}]) == 1


SCREEN = """top - 02:14:26 up  3:40,  0 user,  load average: 0.15, 0.11, 0.16
Tasks:  72 total,   1 running,  71 sleeping,   0 stopped,   0 zombie
%Cpu(s):  0.0 us,  0.0 sy,  0.0 ni,100.0 id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st

  PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND
    1 root      20   0   43148  13704   6376 S  50.0   0.1   0:45.24 init it is
   17 root      20   0       0      0      0 R 100.0   0.0   0:00.00 acc12-awk

"""


def test_the_rows_of_top_are_read_by_their_titles() -> None:
    assert top.rows(SCREEN) == [(50.0, "init"), (100.0, "acc12-awk")]
    assert top.rows("Tasks: 1\n") == []


def test_the_first_sample_of_top_and_the_last_do_not_count() -> None:
    stamps = [(10.0, 5.0), (11.0, 7.0), (13.0, 11.0), (14.0, 13.0)]
    found = top.from_top(SCREEN * 3 + SCREEN[:300], stamps, TRUTH)
    assert (found.busy_s, found.explained_s, found.told_s) == (6.0, 4.5, 3.0)
    assert (found.captured, found.lost) == (None, None)


def test_busy_time_is_neither_idle_nor_waiting_nor_stolen_nor_a_guests() -> None:
    ticks = record._HZ  # noqa: SLF001
    kinds = " ".join(str(kind * ticks) for kind in (1, 2, 3, 40, 50, 6, 7, 80, 9, 9))
    assert record.busy_s(f"cpu  {kinds}\ncpu0 {kinds}\n") == 19.0


def test_the_cpu_time_of_a_cgroup() -> None:
    assert cgroup.usage_s("usage_usec 2500000\nuser_usec 2000000\n") == 2.5


def test_every_line_of_the_table_is_as_wide_as_its_heading() -> None:
    told = Figures(busy_s=20.0, explained_s=19.9, told_s=2.0, by_rows_s=1.0)
    known = replace(told, captured=3, missing=2, lost=12, worst_s=-0.03)
    lines = [
        *table.heading().splitlines(),
        table.row("storm 50 ms", "top -b", told, TRUTH),
        table.row("mix", "traditional", known, TRUTH),
    ]
    assert {len(line) for line in lines} == {len(lines[0])}
    assert len(lines[0]) <= 110
    cells = [cell.strip() for cell in lines[-1].strip("|").split("|")]
    assert cells[2:] == [
        "4", "99.5 %", "75.0 %", "2", "+0.0 %", "-50.0 %", "12", "-0.030",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["storm 5 ms", "tree", "daemons"])
def test_a_workload_counts_what_it_starts(name: str, tmp_path: Path) -> None:
    """Each process of the shell's writes a line; those of Python are counted by it."""
    started = tmp_path / "started"
    awk = tmp_path / "awk"
    awk.write_text(f'#!/bin/sh\necho >>"{started}"\n', "utf-8")
    awk.chmod(0o755)
    paths = {"shell": "/bin/sh", "true": "/bin/true", "sleep": "sleep", "awk": str(awk)}
    job = programs._job(tmp_path, paths, 1)  # noqa: SLF001
    loops = {str(wanted): 1 for wanted in programs.MILLISECONDS}
    orders = Orders(name, seconds=0.3, job=job, loops=loops, **paths)
    script = (
        "import json, sys; from bench.accuracy.driver import Orders, SINGLE;"
        "orders = Orders(**json.loads(sys.argv[1]));"
        "print(SINGLE[orders.workload](orders).started)"
    )
    command = [sys.executable, "-c", script, json.dumps(vars(orders))]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, capture_output=True, cwd=root, check=True)
    told, ran = int(done.stdout), started.stat().st_size if started.exists() else 0
    expected = {"storm 5 ms": ran + 2, "tree": ran * 9 // 6, "daemons": told}
    assert name in SINGLE
    assert told == expected[name] > 0


@pytest.mark.parametrize(
    ("name", "least"),
    [("network", 2), ("timers", 1), ("thread 50us", 2), ("leaderless", 1),
     ("stress", 7)],
)  # fmt: skip
def test_a_load_ends_and_counts_what_it_starts(name: str, least: int) -> None:
    """Those without a program of their own: what is left behind would be a child."""
    script = (
        "import os, sys; from bench.accuracy.driver import SINGLE, Orders;"
        "from dataclasses import fields;"
        "orders = Orders(*[sys.argv[1], 0.2] + [''] * (len(fields(Orders)) - 2));"
        "print(SINGLE[sys.argv[1]](orders).started);"
        "left = open('/proc/self/task/%d/children' % os.getpid()).read();"
        "print('left', left)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script, name], capture_output=True, cwd=root, check=True
    )
    started, left = done.stdout.decode().splitlines()
    assert int(started) >= least
    assert left.split() == ["left"]
