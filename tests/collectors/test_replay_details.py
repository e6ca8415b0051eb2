"""The details of a process in a recording: all that a sample has of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from montauk_tui.collectors.replay.lookups import RecordedLookups
from montauk_tui.engine.details import value_text
from montauk_tui.model.details import MISSING
from montauk_tui.model.recording import Answers, Moment
from montauk_tui.model.schema import PF_KTHREAD, UNKNOWN
from tests.support.builders import Row, make_sample

ROW: Final[Row] = {
    "pid": 8, "ppid": 7, "pgrp": 8, "session": 7, "tty": 0, "uid": 7, "state": ord("D"),
    "start_ticks": 1_000, "utime": 250, "stime": 50, "cutime": 5, "cstime": 5,
    "minflt": 3, "majflt": 0, "priority": 20, "nice": 0, "rt_priority": 0, "policy": 1,
    "processor": 3, "threads": 2, "virt_bytes": 1 << 20, "rss_bytes": 1 << 19,
    "cgroup_id": 77, "read_bytes": 4096, "write_bytes": 0, "rchar": 1, "wchar": 2,
    "voluntary_switches": 6, "involuntary_switches": 4, "run_delay_ns": 10**9,
    "comm": "worker", "shared_bytes": 1 << 18,
}  # fmt: skip
PARENT: Final[Row] = {"pid": 7, "ppid": 3, "start_ticks": 500, "comm": "boss"}


def values(*rows: Row, gaps: Sequence[str] = ()) -> dict[str, dict[str, str]]:
    """Return the texts of the details of the last row, by section and label."""
    sample = make_sample(rows, after_s=90.0)
    table = sample.processes
    unknown = np.full(len(table), UNKNOWN, dtype=np.int64)
    table = table.with_columns(dict.fromkeys(gaps, unknown))
    sample = replace(sample, processes=table)
    answers = Answers(cgroups={77: "/jobs"}, users={7: "alice"})
    row = len(table) - 1
    details = RecordedLookups(Moment(sample, answers)).details(table.identity(row))
    assert details is not None
    return {
        part.id: {it.label: value_text(it.value) for it in part.data}
        for part in details.sections
    }


def test_all_that_a_sample_has_of_a_process_is_shown() -> None:
    found = values(PARENT, ROW)
    origin = found["process"]
    assert origin["Parents"] == "boss 7 < - 3"
    assert origin["State"] == "D waiting for I/O"
    assert (origin["Terminal"], origin["User"]) == ("none", "alice 7")
    assert origin["Started"].startswith("2026-11-17 ")
    assert found["usage"]["User CPU"] == "0:02.50"
    assert found["usage"]["Children's CPU"] == "0:00.10"
    assert found["usage"]["Read from storage"] == "4.0K"
    assert found["memory"] == {"RSS": "512K", "Virtual": "1.0M", "Shared": "256K"}
    assert found["scheduling"]["Policy"] == "FIFO"
    assert found["scheduling"]["Waited for a CPU"] == "1.0s"
    assert found["cgroup"] == {"Path": "/jobs"}


def test_what_a_sample_does_not_have_has_no_label() -> None:
    gaps = [name for name in ROW if name not in {"pid", "start_ticks", "comm"}]
    found = values(ROW, gaps=gaps)
    assert found.keys() == {"process", MISSING}
    assert found["process"].keys() == {"Command", "PID", "Started", "Age"}


def test_of_a_kernel_thread_no_memory_is_missed() -> None:
    sample = make_sample([{"pid": 2, "flags": PF_KTHREAD, "comm": "kthreadd"}])
    details = RecordedLookups(Moment(sample)).details(sample.processes.identity(0))
    assert details is not None
    memory = details.section("memory")
    assert memory is not None
    assert memory.reason == "none: a kernel thread"
    assert "kernel thread" in [datum.note for datum in details.sections[0].data]


def test_threads_are_listed_where_they_were_sampled() -> None:
    thread: Row = {**ROW, "pid": 9, "tgid": 8, "comm": "pool", "stime": None}
    other: Row = {**thread, "pid": 10, "processor": None, "stime": 0}
    sample = make_sample([ROW, thread, other])
    details = RecordedLookups(Moment(sample)).details(sample.processes.identity(0))
    assert details is not None
    section = details.section("threads")
    assert section is not None
    assert section.note == "2"
    assert section.table is not None
    cells = [tuple(map(value_text, row)) for row in section.table.rows]
    assert cells == [
        ("9", "D", "-", "3", "pool"), ("10", "D", "0:02.50", "-", "pool")
    ]  # fmt: skip


def test_parents_in_a_circle_are_each_named_once() -> None:
    above: Row = {**PARENT, "ppid": 8}
    assert values(above, ROW)["process"]["Parents"] == "boss 7"
