"""File locks and command lines in the closer look, of this process and made up."""

import fcntl
import struct
from pathlib import Path

import pytest

from montauk_tui.collectors.procfs.details.locks import Lock, parse
from montauk_tui.collectors.procfs.details.reader import read_details
from montauk_tui.collectors.procfs.stat import parse_stats
from montauk_tui.model.details import Section, Table
from montauk_tui.model.sample import Identity
from tests.support.children import child, identity_of
from tests.support.fakeproc import FakeProc, FakeProcess
from tests.support.looking import add_looked_into

_OFD_SETLK = 37
"""F_OFD_SETLK (fcntl_locking(2)), which Python 3.11 has no name for."""


def section_of(pid: int, name: str) -> Section:
    details = read_details(identity_of(pid), str)
    assert details is not None
    found = details.section(name)
    assert found is not None
    return found


def rows_of(section: Section) -> list[tuple[object, ...]]:
    assert isinstance(section.table, Table)
    return [tuple(row) for row in section.table.rows]


def test_a_line_is_understood_or_left_out() -> None:
    line = b"3: POSIX  ADVISORY  WRITE 4961 fe:00:2147046 5 14"
    assert parse(line) == Lock(
        "POSIX",
        "write",
        waits=False,
        pid=4961,
        file=(254, 0, 2147046),
        first="5",
        last="14",
    )
    waiting = parse(b"2: -> FLOCK  ADVISORY  READ 7 00:1f:9 0 EOF")
    assert waiting is not None
    assert (waiting.waits, waiting.kind, waiting.last) == (True, "FLOCK", "EOF")
    for bad in (b"", b"1:", b"1: POSIX", line[:-5] + b"x", b"9" * 99 + line, b"\xff"):
        assert parse(bad) is None, bad


def test_locks_of_every_kind_are_listed(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("posix", "flock", "ofd")]
    posix, whole, ofd = (path.open("w") for path in paths)
    with posix, whole, ofd:
        fcntl.lockf(posix, fcntl.LOCK_EX, 10, 5)
        fcntl.flock(whole, fcntl.LOCK_SH)
        wanted = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)
        fcntl.fcntl(ofd, _OFD_SETLK, wanted)
        section = section_of(posix_owner(), "locks")
        listed = {row[5]: row for row in rows_of(section)}
        assert listed[str(paths[0])][:5] == (
            "POSIX", "write", "held", str(posix.fileno()), "5-14",
        )  # fmt: skip
        assert listed[str(paths[1])][:3] == ("FLOCK", "read", "held")
        assert listed[str(paths[2])][:3] == ("OFD", "write", "held")


def posix_owner() -> int:
    return int(Path("/proc/self").readlink().name)


def test_who_waits_for_a_lock_is_told(tmp_path: Path) -> None:
    path = tmp_path / "wanted"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with child("flock", str(path), "true") as (process, _):
            while section_of(process.pid, "locks").table is None:
                assert process.poll() is None
            (row,) = rows_of(section_of(process.pid, "locks"))
    assert row[:3] == ("FLOCK", "write", "waits")
    assert row[5] == str(path)


def test_no_locks_are_none() -> None:
    with child() as (process, _):
        assert section_of(process.pid, "locks").reason == "none"


def test_a_lock_whose_file_is_not_open_is_told_by_number(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    add_looked_into(proc, FakeProcess(7))
    (proc.path / "locks").write_bytes(
        b"1: FLOCK  ADVISORY  WRITE 7 fe:00:5 0 EOF\n"
        b"2: FLOCK  ADVISORY  WRITE 8 fe:00:6 0 EOF\n\xff\n"
    )
    details = read_details(identity_in(proc, 7), str, str(proc.path))
    assert details is not None
    section = details.section("locks")
    assert section is not None
    (row,) = rows_of(section)
    assert row == ("FLOCK", "write", "held", "", "all", "inode 5 on device 254:0")


def identity_in(proc: FakeProc, pid: int) -> Identity:
    text = (proc.path / str(pid) / "stat").read_bytes()
    return parse_stats([(pid, text)]).identity(0)


@pytest.mark.parametrize("words", [("600",), ("600", "0")])
def test_every_argument_has_a_line(words: tuple[str, ...]) -> None:
    with child("sleep", *words) as (process, _):
        section = section_of(process.pid, "command")
    assert [datum.value for datum in section.data] == ["sleep", *words]
    assert section.note == ("1 argument" if len(words) == 1 else "2 arguments")
