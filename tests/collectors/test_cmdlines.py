"""Command lines: how old they may be, how much is kept, and what is known to be cut."""

import os
import subprocess
from collections.abc import Iterable
from typing import Any, Never
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.collectors.argvectors import kept_and_whole, whole_bytes
from montauk_tui.collectors.procfs import cmdlines
from montauk_tui.collectors.procfs.cmdlines import CommandLines
from montauk_tui.collectors.procfs.lookups import ProcLookups
from montauk_tui.collectors.procfs.row_files import RowFiles
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.collectors.users import UserNames
from montauk_tui.model.lookups import (
    CMDLINE_BYTES,
    MOST_AGE_S,
    command_from_cmdline,
)
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import UNKNOWN
from tests.support.builders import make_sample
from tests.support.children import identity_of
from tests.support.fakeproc import FakeProc, FakeProcess


class Clock:
    """A clock that goes where it is put."""

    now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(cmdlines, "time", clock)
    return clock


@pytest.fixture
def lines(proc: FakeProc, clock: Clock) -> CommandLines:
    assert clock.now_s
    return CommandLines(ProcRoot(proc.root))


def say(proc: FakeProc, pid: int, text: bytes) -> Identity:
    process = proc.add(FakeProcess(pid, cmdline=text))
    return Identity(pid, process.start_ticks)


def raw(line: cmdlines.CommandLine | None) -> bytes | None:
    return None if line is None else line.raw


def test_who_ends_while_its_line_is_read_has_the_one_that_is_known(
    proc: FakeProc, lines: CommandLines, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file was open when the process ended; its folder is gone after that."""
    who, new = say(proc, 5, b"one"), say(proc, 6, b"other")
    assert raw(lines.present(who)) == b"one"
    say(proc, 5, b"two")
    read = ProcRoot.read

    def ends_after(root: ProcRoot, path: str, most: int) -> bytes:
        text = read(root, path, most)
        if path.endswith("/cmdline"):
            proc.remove(int(path.split("/", maxsplit=1)[0]))
        return text

    monkeypatch.setattr(ProcRoot, "read", ends_after)
    clock.now_s += 0.01
    lines.begin_sample()
    assert raw(lines.present(who)) == b"one"
    assert lines.present(new) is None


def test_at_a_sample_it_is_read_once(
    proc: FakeProc, lines: CommandLines, clock: Clock
) -> None:
    who = say(proc, 5, b"one")
    assert raw(lines.present(who)) == b"one"
    say(proc, 5, b"two")
    assert raw(lines.present(who)) == b"one"
    clock.now_s += 0.01
    lines.begin_sample()
    assert raw(lines.known(who)) == b"one"
    assert raw(lines.present(who)) == b"two"


def test_lines_that_stay_the_same_are_read_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = ProcRoot()
    lines = CommandLines(root, RowFiles(root))
    with (
        subprocess.Popen(("sleep", "60")) as one,
        subprocess.Popen(("sleep", "61")) as other,
    ):
        whose = [identity_of(one.pid), identity_of(other.pid)]
        first = [lines.present(it) for it in whose]
        lines.begin_sample()
        with monkeypatch.context() as patch:
            patch.setattr(CommandLines, "_read", None)
            again = [lines.present(it) for it in whose]
        assert [raw(it) for it in again] == [raw(it) for it in first]
        assert all(
            after.read_s > before.read_s
            for before, after in zip(first, again, strict=True)
            if before and after
        )
        one.kill()
        other.kill()


def test_the_line_of_a_process_that_has_not_run_is_not_read_again(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[set[Identity]] = []
    real = RowFiles.read_kept

    def reading(
        files: RowFiles, whose: Iterable[Identity], name: str, limit: int
    ) -> dict[Identity, bytes]:
        read.append(set(whose))
        return real(files, read[-1], name, limit)

    monkeypatch.setattr(RowFiles, "read_kept", reading)
    me, root = identity_of(os.getpid()), ProcRoot()
    lines = CommandLines(root, RowFiles(root))
    first = lines.present(me)
    for utime, passed_s, reads in (
        (5, 1, {me}), (5, 1, set()), (5, 1, set()), (6, 1, {me}), (6, 1, set()),
        (6, MOST_AGE_S, {me}), (UNKNOWN, 1, {me}), (UNKNOWN, 1, {me}),
    ):  # fmt: skip
        clock.now_s += passed_s
        row = {"pid": me.pid, "start_ticks": me.start_ticks, "utime": utime, "stime": 0}
        lines.begin_sample(make_sample([row]).processes)
        assert raw(lines.present(me)) == raw(first)
        assert read.pop() == reads
    lines.begin_sample()
    clock.now_s += 1
    assert raw(lines.present(me)) == raw(first)
    assert read == [{me}]


def test_what_filters_and_exports_use_is_five_seconds_old_at_most(
    proc: FakeProc, lines: CommandLines, clock: Clock
) -> None:
    who = say(proc, 5, b"one")
    lines.recent(who)
    say(proc, 5, b"two")
    clock.now_s += 5.0
    assert raw(lines.recent(who)) == b"one"
    clock.now_s += 0.1
    assert raw(lines.recent(who)) == b"two"


@pytest.mark.parametrize("interval_s", [0.3, 1.0, 2.0, 4.9, 7.0])
def test_refreshing_keeps_all_young_enough_and_not_all_at_once(
    proc: FakeProc, lines: CommandLines, clock: Clock, interval_s: float
) -> None:
    whose = [say(proc, pid, b"x%d" % pid) for pid in range(1, 41)]
    most_at_once = 0
    for sample in range(40):
        lines.begin_sample()
        lines.refresh(whose)
        read_s = [line.read_s for who in whose if (line := lines.known(who))]
        assert len(read_s) == 40
        # At the last moment before the next sample none is older.
        assert min(read_s) >= clock.now_s + min(interval_s, 5.0) - 5.0 - 1e-6
        if sample > 20:
            most_at_once = max(most_at_once, sum(s == clock.now_s for s in read_s))
        clock.now_s += interval_s
    assert most_at_once <= 40 * min(interval_s / 5.0 + 0.2, 1.0) + 1


def test_of_who_ended_the_last_is_kept_and_a_pid_given_away_gets_its_own(
    proc: FakeProc, lines: CommandLines, clock: Clock
) -> None:
    who = say(proc, 5, b"old")
    lines.present(who)
    proc.remove(5)
    clock.now_s += 10.0
    lines.begin_sample()
    assert raw(lines.present(who)) == b"old"
    proc.add(FakeProcess(5, start_ticks=who.start_ticks + 9, cmdline=b"new"))
    assert raw(lines.present(who)) == b"old"
    assert raw(lines.present(Identity(5, who.start_ticks + 9))) == b"new"
    # A zombie has no arguments: those that it had stay.
    say(proc, 5, b"")
    clock.now_s += 1.0
    lines.begin_sample()
    assert raw(lines.present(who)) == b"old"


@pytest.mark.parametrize(
    ("length", "is_cut"),
    [
        (4095, False),
        (4096, False),
        (4097, False),
        (CMDLINE_BYTES, False),
        (CMDLINE_BYTES + 1, True),
        (3 * CMDLINE_BYTES, True),
    ],
)
def test_a_long_line_is_kept_whole_or_known_to_be_cut(
    proc: FakeProc, lines: CommandLines, length: int, *, is_cut: bool
) -> None:
    who = say(proc, 5, b"x" * (length - 6) + b"needle")
    line = lines.recent(who)
    assert line
    assert line.command
    assert (line.is_cut, who in lines.cut) == (is_cut, is_cut)
    assert line.command.text.endswith("needle") is not is_cut


def test_zeros_at_the_end_are_no_loss(proc: FakeProc, lines: CommandLines) -> None:
    who = say(proc, 5, b"short title" + b"\0" * (CMDLINE_BYTES + 100))
    line = lines.recent(who)
    assert line
    assert not line.is_cut


def test_long_lines_share_a_room_and_what_has_none_is_known_to_be_cut(
    proc: FakeProc, lines: CommandLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cmdlines, "_ALL_LONG_BYTES", 3 * CMDLINE_BYTES)
    whose = [say(proc, pid, b"x" * CMDLINE_BYTES) for pid in range(1, 6)]
    lines.refresh(whose)
    assert lines.cut == set(whose[3:])
    lines.forget([whose[0]])
    lines.forget([whose[4]])
    assert lines.cut == {whose[3]}
    lines.refresh([whose[4]])
    assert lines.cut == {whose[3]}


def test_a_line_that_was_whole_stays_whole_when_the_room_is_full(
    proc: FakeProc,
    lines: CommandLines,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cmdlines, "_ALL_LONG_BYTES", 2 * CMDLINE_BYTES)
    sizes = [20_000, CMDLINE_BYTES, CMDLINE_BYTES - 20_000]
    whose = [say(proc, pid, b"x" * size) for pid, size in enumerate(sizes, 1)]
    more = say(proc, 9, b"x" * 10_000)
    for _ in range(3):
        lines.refresh([*whose, more])
        assert [len(raw(lines.known(who)) or b"") for who in whose] == sizes
        assert raw(lines.known(more)) == b"x" * 4096
        assert lines.cut == {more}
        clock.now_s += 6.0
    # It grows, and shrinks, within what it has.
    say(proc, 2, b"y" * CMDLINE_BYTES)
    lines.refresh(whose)
    assert not lines.cut & set(whose)
    say(proc, 2, b"short")
    for some in (whose, [more]):
        clock.now_s += 6.0
        lines.refresh(some)
    assert not lines.cut


def test_a_line_that_grows_behind_what_is_kept_of_it_is_cut_from_then_on(
    proc: FakeProc, lines: CommandLines, clock: Clock
) -> None:
    kept = b"x" * CMDLINE_BYTES
    for text, is_cut in ((kept, False), (kept + b"y", True), (kept, False)):
        who = say(proc, 5, text)
        line = lines.recent(who)
        assert line
        assert (line.raw, line.is_cut, who in lines.cut) == (kept, is_cut, is_cut)
        clock.now_s += 6.0


class Watched(dict[Identity, cmdlines.CommandLine]):
    """Never lets go of what another thread may look for."""

    def pop(self, *_: object) -> Never:
        raise AssertionError("a line is gone before the next one is there")


def test_there_is_no_moment_without_a_line_while_it_is_read_anew(
    proc: FakeProc, lines: CommandLines, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = say(proc, 5, b"one")
    lines.recent(who)
    watched = Watched(lines._known)  # noqa: SLF001 - a thread that looks at any moment
    monkeypatch.setattr(lines, "_known", watched)
    clock.now_s += 6.0
    say(proc, 5, b"two")
    assert raw(lines.recent(who)) == b"two"


def test_rows_are_cut_that_are_in_a_table(proc: FakeProc) -> None:
    root = ProcRoot(proc.root)
    lookups = ProcLookups(root, UserNames())
    pids = [3, 5, 7, 9]
    whose = [say(proc, pid, b"x" * (CMDLINE_BYTES + (pid != 7))) for pid in pids]
    rows = [{"pid": who.pid, "start_ticks": who.start_ticks} for who in whose]
    rows[3]["start_ticks"] += 1
    table = make_sample(rows[1:]).processes
    assert not lookups.cut_rows(table).any()
    for who in whose:
        lookups.cmdline(who)
    assert lookups.cut_rows(table).tolist() == [True, False, False]
    assert not lookups.cut_rows(make_sample([]).processes).size


def test_what_is_shown_of_a_line_is_made_when_it_is_asked_for(
    proc: FakeProc, lines: CommandLines, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Mock(wraps=command_from_cmdline)
    monkeypatch.setattr(cmdlines, "command_from_cmdline", make)
    who = say(proc, 5, b"/bin/prog\0-x")
    assert raw(lines.recent(who)) == b"/bin/prog\0-x"
    assert make.call_count == 0
    for _ in range(3):
        line = lines.recent(who)
        assert line
        assert line.command
        assert line.command.text == "/bin/prog -x"
        clock.now_s += 2 * MOST_AGE_S
    assert make.call_count == 1


def test_a_line_is_looked_for_once_the_process_is_new_or_runs_another_program(
    proc: FakeProc, monkeypatch: pytest.MonkeyPatch
) -> None:
    whose = [say(proc, pid, b"prog") for pid in (3, 5, 7)]
    rows = [{"pid": who.pid, "start_ticks": who.start_ticks} for who in whose]
    lookups = ProcLookups(ProcRoot(proc.root), UserNames())
    looked_for, missing = list[list[int]](), CommandLines.missing

    def looks(self: CommandLines, of: Iterable[tuple[int, int]]) -> list[Any]:
        of = list(of)
        looked_for.append([pid for pid, _ in of])
        return missing(self, of)

    monkeypatch.setattr(CommandLines, "missing", looks)
    for present in (rows[:2], rows[:2], rows[:2], rows, rows, rows[1:]):
        lookups.read_new(make_sample(present).processes, 500)
    assert looked_for == [[3, 5], [3, 5], [], [7], [7], []]
    assert [lookups.kept(who) for who in whose] == [b"prog"] * 3
    lookups.forget(whose[:1])
    lookups.read_new(make_sample(rows).processes, 500)
    assert looked_for[-1] == [3, 5, 7]
    assert lookups.kept(whose[0]) == b"prog"


# --- arguments of which a part is kept ------------------------------------------------

ROOM, WIDTH = 19, 20


def is_cut(raw_bytes: bytes) -> tuple[bool, bool]:
    """Return what both ways to keep arguments say of them, as exports judge it."""
    kept, length = kept_and_whole([raw_bytes], ROOM, WIDTH)
    by_reading = int(length[0]) > len(kept[0]) + 1
    told = whole_bytes(kept, np.array([len(raw_bytes)], dtype=np.int64), ROOM)
    assert (length[0] > WIDTH) == by_reading
    return by_reading, int(told[0]) > len(kept[0]) + 1


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        (b"", False),
        (b"\0", False),
        (b"sh\0-c\0", False),
        (b"sh\0\0\0\0", False),
        (b"title\0\0\0\0\0\0\0\0", False),
        (b"title" + b"\0" * 40, False),
        (b"x" * (ROOM - 1) + b"\0", False),
        (b"x" * ROOM + b"\0", False),
        (b"x" * (ROOM + 1) + b"\0", True),
        (b"sh\0-c\0" + b"x" * 40 + b"\0", True),
    ],
)
def test_what_is_cut_of_arguments(text: bytes, *, cut: bool) -> None:
    assert is_cut(text) == (cut, cut)


@given(st.lists(st.binary(max_size=8), max_size=6))
def test_nothing_that_is_kept_whole_is_cut(parts: list[bytes]) -> None:
    text = b"".join(part.replace(b"\0", b"") + b"\0" for part in parts)
    stripped = text.rstrip(b"\0")
    by_reading, _ = is_cut(text)
    assert by_reading is (len(stripped) > ROOM)
