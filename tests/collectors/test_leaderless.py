"""A process whose first thread has ended while another runs, seen by every collector.

The kernel shows it as a zombie without memory, arguments and files under the number of
the process; all of them are with the thread that lives.
"""

import os
import platform
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from montauk_tui.actions import pid_owner
from montauk_tui.collectors.base import Collector
from montauk_tui.engine.interval.ledger import close_ledger
from montauk_tui.engine.interval.rates import is_exited, process_rates
from montauk_tui.model import ioprio
from montauk_tui.model.details import Details, Section
from montauk_tui.model.frame import Rates
from montauk_tui.model.join import find
from montauk_tui.model.sample import Identity, Sample
from montauk_tui.model.schema import UNKNOWN, Need
from tests.support.children import without_leader
from tests.support.patience import until

MIB = 1 << 20
HELD = 64
BURNT_S = 0.05


@pytest.fixture
def leaderless(lives: str) -> Iterator[subprocess.Popen[bytes]]:
    """Return a process of two threads of which the first has ended."""
    with without_leader(lives, HELD, {"KEY": "value"}) as process:
        yield process


def burn(process: subprocess.Popen[bytes]) -> None:
    """Let it use BURNT_S of CPU time."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"x")
    process.stdin.flush()
    assert process.stdout.readline() == b"burnt\n"


def row_of(sample: Sample, process: subprocess.Popen[bytes]) -> int:
    (row,) = (sample.processes.pid == process.pid).nonzero()[0].tolist()
    return int(row)


def test_state_and_memory_are_those_of_the_living_thread(
    collector: Collector, leaderless: subprocess.Popen[bytes]
) -> None:
    for needs in (Need.NONE, Need.SHARED | Need.THREADS):
        sample = collector.sample(needs)
        table, row = sample.processes, row_of(sample, leaderless)
        assert chr(table.state[row]) in "SRD"
        assert table.threads[row] == 2
        assert HELD * MIB < table.rss_bytes[row] < table.virt_bytes[row]
        assert not is_exited(table)[row]
        assert table.leader_exited[row]
    assert 0 < table.shared_bytes[row] < table.rss_bytes[row]
    (thread,) = ((table.tgid == leaderless.pid) & ~table.is_process).nonzero()[0]
    assert table.rss_bytes[thread] == table.rss_bytes[row]


def test_nice_value_policy_and_cpu_are_those_of_the_living_thread(
    collector: Collector, leaderless: subprocess.Popen[bytes]
) -> None:
    (tid,) = set(pid_owner.threads(leaderless.pid))
    assert tid != leaderless.pid
    cpu = max(os.sched_getaffinity(0))
    os.sched_setaffinity(tid, {cpu})
    os.sched_setscheduler(tid, os.SCHED_BATCH, os.sched_param(0))
    os.setpriority(os.PRIO_PROCESS, tid, 11)
    burn(leaderless)
    sample = collector.sample(Need.NONE)
    table, row = sample.processes, row_of(sample, leaderless)
    assert (table.nice[row], table.priority[row]) == (11, 31)
    assert (table.policy[row], table.processor[row]) == (os.SCHED_BATCH, cpu)


def test_what_lies_in_files_is_found(
    collector: Collector, leaderless: subprocess.Popen[bytes], lives: str
) -> None:
    everything = Need.of("pss_bytes", "swap_bytes", "exe", "cwd", "files")
    sample = collector.sample(everything | Need.CMDLINE | Need.AT_ONCE)
    table, row = sample.processes, row_of(sample, leaderless)
    who, lookups = table.identity(row), collector.lookups
    command = lookups.command(who, table.comm[row])
    assert command.text == f"{lives} leader-first-holding {HELD}"
    assert lookups.known_command(who, table.comm[row]) == command
    for name in ("pss_bytes", "uss_bytes"):
        assert HELD * MIB < lookups.gauge(name, who) <= table.rss_bytes[row], name
    assert lookups.gauge("swap_bytes", who) >= 0
    assert lookups.gauge("files", who) >= 3
    assert (lookups.label("exe", who), lookups.label("cwd", who)[:1]) == (lives, "/")
    assert 0 < lookups.shared_bytes(who) < table.rss_bytes[row]
    tids = {int(folder.name) for folder in Path(f"/proc/{who.pid}/task").iterdir()}
    (tid,) = tids - {who.pid}
    ionice = ["ionice", "-c", "2", "-n", "6", "-p", str(tid)]
    if platform.machine() in ioprio.CALLS:
        subprocess.run(ionice, check=True)
        assert lookups.gauge("io_priority", who) == 2 << 13 | 6


def test_the_closer_look_finds_all_of_it(
    collector: Collector, leaderless: subprocess.Popen[bytes], lives: str
) -> None:
    burn(leaderless)
    sample = collector.sample(Need.NONE)
    who = sample.processes.identity(row_of(sample, leaderless))
    details = collector.lookups.details(who)
    assert details is not None
    origin = labelled(details, "process")
    assert str(origin["Command"]).startswith(f"{lives} leader-first-holding")
    assert origin["Executable"] == lives
    assert str(origin["State"])[0] in "SRD"
    assert section_of(details, "memory").reason == ""
    assert labelled(details, "environment") == {"KEY": "value"}
    table = section_of(details, "files").table
    assert table is not None
    assert len(table.rows) >= 3
    threads = section_of(details, "threads").table
    assert threads is not None
    assert len(threads.rows) == 2


def section_of(details: Details, name: str) -> Section:
    (section,) = (one for one in details.sections if one.id == name)
    return section


def labelled(details: Details, name: str) -> dict[str, object]:
    return {one.label: one.value for one in section_of(details, name).data}


def test_its_cpu_time_is_that_of_the_living_until_it_ends(
    collector: Collector, leaderless: subprocess.Popen[bytes]
) -> None:
    before = collector.sample(Need.NONE)
    who = before.processes.identity(row_of(before, leaderless))
    rates: Rates | None = None
    for _ in range(3):
        burn(leaderless)
        now = collector.sample(Need.NONE)
        rates, before = process_rates(before, now, rates), now
        used_s = float(rates.cpu_s[row_of(now, leaderless)])
        assert used_s >= BURNT_S / 2
    assert leaderless.stdin is not None
    leaderless.stdin.close()
    leaderless.wait()
    if now.exits is None:
        return
    told = _end(collector, before, rates, who)
    assert told < BURNT_S / 2, "what it was charged with as a living one comes again"


def _end(
    collector: Collector, before: Sample, rates: Rates | None, who: Identity
) -> float:
    """Return the CPU-seconds that its end is shown with, all intervals together."""
    told: list[float] = []

    def has_ended() -> bool:
        nonlocal before, rates
        now = collector.sample(Need.NONE)
        rates, before = process_rates(before, now, rates), now
        close_ledger(before, now, rates)
        exits = now.exits
        assert exits is not None
        row = (
            (exits.pid == who.pid) & (exits.start_ticks == who.start_ticks)
        ).nonzero()
        if not len(row[0]):
            return False
        if exits.utime_ns[row[0][0]] == UNKNOWN:
            pytest.skip("ends have no CPU time here")
        assert find(now.processes, exits.pid, exits.start_ticks).found.dtype == bool
        told.append(float(rates.exit_cpu_pct[row[0][0]]) / 100 * rates.interval_s)
        return True

    until(has_ended, "the end of a process without a first thread")
    return told[0]


def test_its_memory_is_in_the_end(
    collector: Collector, leaderless: subprocess.Popen[bytes]
) -> None:
    sample = collector.sample(Need.NONE)
    if sample.exits is None:
        pytest.skip("it sees no ends")
    who = sample.processes.identity(row_of(sample, leaderless))
    leaderless.kill()
    leaderless.wait()
    peaks: list[int] = []

    def has_ended() -> bool:
        exits = collector.sample(Need.NONE).exits
        assert exits is not None
        mine = (exits.pid == who.pid) & (exits.start_ticks == who.start_ticks)
        peaks.extend(exits.peak_rss_bytes[mine].tolist())
        return bool(peaks)

    until(has_ended, "the end")
    if peaks[0] == UNKNOWN:
        pytest.skip("ends have no memory here")
    assert peaks[0] >= HELD * MIB
