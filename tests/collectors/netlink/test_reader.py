"""The process that reads arguments: what it tells, and that it ends with us."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from montauk_tui.collectors.netlink import reader as package
from montauk_tui.collectors.netlink import reader_main, streams
from montauk_tui.collectors.netlink.connector import EventSocket
from montauk_tui.collectors.netlink.reader import ArgumentReader, Argv, Exec
from tests.collectors.netlink.support import opened
from tests.support.lives import Watch, spawn, wait
from tests.support.patience import MOST_S, until

BUFFER_BYTES = 1 << 20
_TINY_BYTES = 4096
SECOND_NS = 10**9


def record(pid: int, exec_ns: int, raw: bytes) -> bytes:
    read_ns = exec_ns + 1 if raw else 0
    return reader_main.RECORD.pack(pid, len(raw), exec_ns, read_ns) + raw


@pytest.fixture
def fed(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ArgumentReader, int]]:
    """Return a reader without a process, and the pipe that it reads."""
    pipes: list[int] = []

    def start(_: EventSocket, writing: int) -> SimpleNamespace:
        pipes.append(os.dup(writing))
        return SimpleNamespace(send_signal=lambda _: None, wait=lambda _: 0)

    nothing = SimpleNamespace(close=lambda: None, offset_ns=0)
    monkeypatch.setattr(package, "EventSocket", lambda *_: nothing)
    monkeypatch.setattr(package, "_start", start)
    made = ArgumentReader(BUFFER_BYTES)
    yield made, pipes[0]
    made.close()


def test_records_are_told_once_however_they_are_cut(
    fed: tuple[ArgumentReader, int],
) -> None:
    reader, pipe = fed
    text = record(7, 40, b"seven\0-x\0") + record(8, 50, b"")
    reported: dict[Exec, Argv] = {}
    for at in range(len(text)):
        os.write(pipe, text[at : at + 1])
        reported |= reader.drain(0)
    assert reported == {(7, 40): Argv(b"seven\0-x\0", 41), (8, 50): Argv(b"", 0)}
    assert reader.drain(0) == {}


def test_a_reader_that_is_behind_is_waited_for_and_not_for_long(
    fed: tuple[ArgumentReader, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, pipe = fed
    os.write(pipe, record(7, 40, b"seven\0"))
    assert list(reader.drain(99)) == [(7, 40)], "the other exec is never told"
    monkeypatch.setattr(package, "_BEHIND_S", 1e9)
    os.write(pipe, record(8, 99, b"eight\0"))
    assert list(reader.drain(99)) == [(8, 99)]
    assert reader.drain(99) == {}, "it is not waited for twice"
    assert not reader.has_exited
    os.close(pipe)
    assert reader.drain(100) == {}, "nor where it has ended"
    assert reader.has_exited


def test_the_budget_is_a_share_of_the_time_and_saved_up_to_a_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = SimpleNamespace(monotonic_s=0.0, used_s=0.0)
    clocks = SimpleNamespace(
        monotonic=lambda: now.monotonic_s, thread_time=lambda: now.used_s
    )
    monkeypatch.setattr(reader_main, "time", clocks)
    budget = reader_main.Budget()
    now.monotonic_s = 1e6
    assert not budget.is_spent()
    now.used_s = 1.5
    assert budget.is_spent()
    now.monotonic_s += 2
    assert budget.is_spent()
    now.monotonic_s += 2
    assert not budget.is_spent()


# --- the real one ---------------------------------------------------------------------


@pytest.fixture
def reader() -> Iterator[ArgumentReader]:
    made = ArgumentReader(BUFFER_BYTES)
    yield made
    made.close()


def process_of(reader: ArgumentReader) -> "subprocess.Popen[bytes]":
    return reader._process  # noqa: SLF001


@pytest.mark.privileged
def test_arguments_are_read_and_no_more_than_can_be_written_at_once(
    reader: ArgumentReader,
) -> None:
    before_ns = time.monotonic_ns()
    long = "0" * 2 * reader_main.MOST_BYTES
    pids = [spawn("sleep", "1000"), spawn("sleep", "1000", long)]
    reported: dict[int, Argv] = {}
    when: dict[int, int] = {}

    def all_told() -> bool:
        for (pid, exec_ns), read in reader.drain(0).items():
            reported[pid], when[pid] = read, exec_ns
        return set(pids) <= reported.keys()

    try:
        until(all_told, "the arguments")
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            wait(pid)
    assert reported[pids[0]].raw == b"sleep\x001000\0"
    assert reported[pids[1]].raw.startswith(b"sleep\x001000\x00000")
    assert len(reported[pids[1]].raw) == reader_main.MOST_BYTES
    for pid in pids:
        assert before_ns < when[pid] < reported[pid].read_ns < time.monotonic_ns()


@pytest.mark.privileged
def test_it_takes_nothing_along_and_ends_though_somebody_stopped_it(
    reader: ArgumentReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = process_of(reader)
    folder = Path(f"/proc/{process.pid}")
    until(lambda: b"reader_main" in (folder / "cmdline").read_bytes(), "its program")
    assert (folder / "environ").read_bytes() == b""
    assert (folder / "cwd").readlink() == Path("/")
    assert os.getsid(process.pid) == process.pid
    os.kill(process.pid, signal.SIGSTOP)
    # A busy machine may not let it run for so long.
    monkeypatch.setattr(package, "_PATIENCE_S", MOST_S)
    reader.close()
    # SIGKILL would be news on the screen.
    assert process.returncode == -signal.SIGTERM
    assert not folder.exists()


@pytest.mark.privileged
def test_it_goes_on_where_events_were_dropped() -> None:
    made = ArgumentReader(_TINY_BYTES)
    process = process_of(made)
    folder = Path(f"/proc/{process.pid}")
    until(lambda: b"reader_main" in (folder / "cmdline").read_bytes(), "its program")
    os.kill(process.pid, signal.SIGSTOP)
    for _ in range(_TINY_BYTES // 100):
        wait(spawn("true"))
    os.kill(process.pid, signal.SIGCONT)
    reported: set[int] = set()
    pids: list[int] = []

    def is_reported() -> bool:
        pids.append(spawn("sleep", "1000"))
        reported.update(pid for (pid, _), read in made.drain(0).items() if read.raw)
        return made.has_exited or not reported.isdisjoint(pids)

    try:
        until(is_reported, "arguments")
        assert not made.has_exited
    finally:
        made.close()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            wait(pid)


@pytest.mark.privileged
def test_where_it_ends_the_collector_serves_and_says_so() -> None:
    with opened() as collector:
        reader = collector._streams._reader  # type: ignore[union-attr]  # noqa: SLF001
        assert reader is not None
        process_of(reader).kill()
        process_of(reader).wait()
        watch = Watch(collector)
        missed = watch.last.counters.read_failures or 0
        assert collector.detail.endswith("few arguments, as their reader has exited")
        pid = spawn("true")
        wait(pid)
        assert watch.end_of(pid).argv == (b"",)
        assert (watch.last.counters.read_failures or 0) > missed


@pytest.mark.privileged
def test_where_it_cannot_be_started_the_collector_serves_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: int) -> ArgumentReader:
        raise BlockingIOError(errno.EAGAIN, "no more processes")

    monkeypatch.setattr(streams, "ArgumentReader", refuse)
    with opened() as collector:
        assert "their reader cannot be started: no more processes" in collector.detail
        watch = Watch(collector)
        pid = spawn("true")
        wait(pid)
        assert watch.end_of(pid).argv == (b"",)
        assert (watch.last.counters.read_failures or 0) > 0


HOLDER = """
import time
from montauk_tui.collectors.netlink.reader import ArgumentReader
reader = ArgumentReader(1 << 20)
print(reader._process.pid, flush=True)
time.sleep(1000)
"""


@pytest.mark.privileged
def test_it_ends_when_the_monitor_is_killed() -> None:
    command = [sys.executable, "-c", HOLDER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        pid = int(holder.stdout.readline())
        holder.kill()
    stat = Path(f"/proc/{pid}/stat")

    def has_exited() -> bool:
        # Whoever adopted it may take its time to wait for it.
        try:
            return stat.read_text().rpartition(")")[2].split()[0] in "ZX"
        except FileNotFoundError:
            return True

    until(has_exited, "the exit of the reader")
