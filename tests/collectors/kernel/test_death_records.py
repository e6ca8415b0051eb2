"""Fatal signals and exits, joined: of records made by hand."""

import os
from typing import Any

import numpy as np
import pytest

from montauk_tui.collectors.kernel.deaths import DeathJoiner
from montauk_tui.collectors.kernel.log import Records
from montauk_tui.collectors.kernel.records import (
    DEATH,
    EXEC,
    EXIT,
    LIFECYCLE,
    VICTIM,
)
from montauk_tui.model.deaths import SentAs
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import PF_EXITING
from tests.support.builders import Row, make_sample
from tests.support.exits import make_exits

MS = 10**6
TICK_NS = 10**7
NOTHING = np.empty(0, dtype=VICTIM)
NO_EXECS = np.empty(0, dtype=LIFECYCLE)
NOBODY = ProcessTable.empty()


def records(kind: "np.dtype[np.void]", *rows: dict[str, Any]) -> Records:
    made = np.zeros(len(rows), dtype=kind)
    for row, values in enumerate(rows):
        for name, value in values.items():
            made[name][row] = value
    return made


def signal(**values: Any) -> dict[str, Any]:
    usual = {
        "time_ns": 10**10, "start_ns": 50 * TICK_NS + 7, "pid": 70, "tgid": 170,
        "signal": 9, "sent_as": 2, "sender_pid": 80, "sender_start_ns": 60 * TICK_NS,
        "sender_comm": b"kill",
    }  # fmt: skip
    return {**usual, **values}


def exit_of(pid: int = 70, start: int = 50, number: int | None = 9) -> ExitTable:
    code = 0 if number is None else None
    row = {"pid": pid, "start_ticks": start, "exit_code": code, "exit_signal": number}
    return make_exits([row])


def joiner(
    *rows: dict[str, Any], victims: Records = NOTHING, execs: Records = NO_EXECS,
    sees_oom: bool = True, table: ProcessTable = NOBODY,
) -> DeathJoiner:  # fmt: skip
    made = DeathJoiner(100, sees_oom=sees_oom)
    made.add(records(DEATH, *rows), victims, execs, table, lambda *_: None)
    return made


def test_the_last_of_that_signal_counts() -> None:
    made = joiner(
        signal(signal=15, time_ns=3 * MS, sender_comm=b"early"),
        signal(time_ns=9 * MS, sender_comm=b"late"),
        signal(time_ns=5 * MS, sender_comm=b"middle"),
        signal(time_ns=20 * MS, signal=11, sender_comm=b"other"),
    )
    (death,) = made.joined(exit_of()).deaths.values()
    assert (death.signal, death.sender.comm) == (9, b"late")


def test_another_process_of_that_pid_has_another_start() -> None:
    made = joiner(signal())
    assert not made.joined(exit_of(start=51)).deaths
    assert not made.joined(exit_of(pid=71)).deaths
    assert made.joined(exit_of()).deaths.keys() == {(70, 50)}


def test_an_exit_uses_its_signal_up() -> None:
    made = joiner(signal())
    assert made.joined(exit_of()).deaths
    assert not made.joined(exit_of()).deaths


def test_an_exit_by_another_signal_or_by_none() -> None:
    assert not joiner(signal(signal=15)).joined(exit_of()).deaths
    assert not joiner(signal()).joined(exit_of(number=None)).deaths


def test_a_signal_waits_for_its_exit() -> None:
    made = joiner(signal())
    for _ in range(3):
        empty = np.empty(0, dtype=DEATH)
        made.add(empty, NOTHING, NO_EXECS, NOBODY, lambda *_: None)
        assert not made.joined(ExitTable.empty()).deaths
    assert made.joined(exit_of()).deaths


def test_signals_of_processes_that_live_on_are_bounded() -> None:
    many = [signal(pid=pid, time_ns=pid) for pid in range(1, 20_001)]
    made = joiner(*many)
    assert not made.joined(exit_of(pid=1)).deaths
    assert made.joined(exit_of(pid=20_000)).deaths
    same = [signal(time_ns=number) for number in range(1, 100)]
    assert joiner(*same).joined(exit_of()).deaths


def test_the_sender_is_told_by_its_records() -> None:
    execs = records(
        LIFECYCLE,
        {"kind": EXEC, "pid": 80, "start_ns": 60 * TICK_NS, "time_ns": 2,
         "argv": b"kill\0-9\x0070", "argv_bytes": 10},
        {"kind": EXEC, "pid": 80, "start_ns": 60 * TICK_NS, "time_ns": 1,
         "argv": b"sh", "argv_bytes": 3},
        {"kind": EXEC, "pid": 80, "start_ns": 10, "time_ns": 3,
         "argv": b"another", "argv_bytes": 8},
    )  # fmt: skip
    (death,) = joiner(signal(), execs=execs).joined(exit_of()).deaths.values()
    assert death.sender.cmdline == b"kill\0-9\x0070"
    assert death.sender[:4] == (80, 60, 0, b"kill")


def test_a_sender_without_records_is_asked_for() -> None:
    asked: list[tuple[int, int]] = []

    def live(pid: int, start_ns: int) -> bytes:
        asked.append((pid, start_ns))
        return b"init\0"

    made = DeathJoiner(100)
    rows = signal(), signal(pid=71), signal(pid=72, sender_pid=0)
    made.add(records(DEATH, *rows), NOTHING, NO_EXECS, NOBODY, live)
    (death,) = made.joined(exit_of()).deaths.values()
    assert death.sender.cmdline == b"init\0"
    assert asked == [(80, 60 * TICK_NS)]


def test_the_sender_of_a_fault_is_the_process() -> None:
    own = signal(
        signal=11, code=1, detail=16, sender_pid=70, sender_start_ns=50 * TICK_NS + 7
    )
    (death,) = joiner(own).joined(exit_of(number=11)).deaths.values()
    assert (death.is_own, death.code, death.address) == (True, 1, 16)


def test_what_the_oom_killer_chose() -> None:
    victims = records(
        VICTIM,
        {"tgid": 170, "start_ns": 4, "has_task": 1},
        {"tgid": 170, "start_ns": 50 * TICK_NS + 7, "has_task": 1, "rss_pages": 3,
         "limit_pages": 5, "used_pages": 4, "cgroup": b"api", "oom_score_adj": -5},
        {"tgid": 170, "start_ns": 9, "has_task": 1},
    )  # fmt: skip
    killed = joiner(signal(sent_as=1), victims=victims)
    (death,) = killed.joined(exit_of()).deaths.values()
    assert death.sent_as is SentAs.BY_KERNEL
    page = os.sysconf("SC_PAGE_SIZE")
    assert death.out_of_memory == (b"api", 5 * page, 4 * page, 3 * page, -5, None)
    assert joiner(signal()).joined(exit_of()).deaths[70, 50].out_of_memory is None


def test_a_kernel_that_tells_only_the_pid_of_the_victim() -> None:
    """Before 6.9; that of the initial pid namespace, after the signal."""
    for time_ns, is_it in ((10**10 + 5, True), (10**10 - 5, False)):
        victims = records(VICTIM, {"tgid": 170, "time_ns": time_ns})
        made = joiner(signal(sent_as=1), victims=victims)
        (death,) = made.joined(exit_of()).deaths.values()
        found = (None,) * 6 if is_it else None
        assert death.out_of_memory == found


def test_a_request_before() -> None:
    row = signal(
        asked_ns=10**10 - 5 * MS, asker_pid=90, asker_start_ns=TICK_NS,
        asker_comm=b"make", asker_uid=3,
    )  # fmt: skip
    (death,) = joiner(row).joined(exit_of()).deaths.values()
    assert death.request is not None
    assert death.request.before_ns == 5 * MS
    assert death.request.sender == (90, 1, 3, b"make", None)


def test_deaths_stay_with_their_rows() -> None:
    exits = joiner(signal()).joined(exit_of())
    other = make_exits([{"pid": 5}])
    joined = ExitTable.joined([exits, other])
    assert joined.deaths == exits.deaths
    assert joined.only(np.array([0])).deaths == exits.deaths
    assert joined.without(["uid"]).deaths == exits.deaths
    assert not other.deaths


@pytest.mark.parametrize(
    ("row", "end", "lives"),
    [
        ({}, {}, True),
        ({"flags": PF_EXITING}, {}, False),
        ({"start_ticks": 61}, {}, False),
        ({}, {"start_ns": 60 * TICK_NS}, False),
        # An earlier process of that pid.
        ({}, {"start_ns": 10}, True),
    ],
)
def test_a_thread_that_exits_is_not_its_process(
    row: Row, end: dict[str, Any], *, lives: bool
) -> None:
    """PR_SET_PDEATHSIG is sent when the thread exits that did the fork."""
    sent = signal(sent_as=0, sender_flags=PF_EXITING)
    ends = [{"kind": EXIT, "pid": 80, "time_ns": 1, **end}] if end else []
    table = make_sample([{"pid": 80, "start_ticks": 60, **row}]).processes
    made = joiner(sent, execs=records(LIFECYCLE, *ends), table=table)
    (death,) = made.joined(exit_of()).deaths.values()
    assert (death.sender_exits, death.sender_lives) == (True, lives)
