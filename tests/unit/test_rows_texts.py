"""Command lines of all rows at once, as each has it by itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.collectors.procfs.lookups import ProcLookups
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.collectors.users import UserNames
from montauk_tui.engine.rows import texts as texts_module
from montauk_tui.engine.rows.exited import exited_only, with_exited
from montauk_tui.engine.rows.texts import cmdline_texts
from montauk_tui.model.frame import Frame
from montauk_tui.model.lookups import command_from_cmdline
from montauk_tui.model.sample import Identity
from tests.support.builders import FakeLookups, make_table
from tests.support.listing import Life, end, real_pids

ARGV = st.one_of(
    st.binary(max_size=40),
    st.lists(st.sampled_from([b"a", b"-x", b" ", b"\n", b"\xff", b""])).map(b"\0".join),
)


@given(st.lists(ARGV, max_size=12))
def test_as_each_is_written(raws: list[bytes]) -> None:
    kept = np.array(raws, dtype="S64").tolist()
    expected = [
        command_from_cmdline(raw).text if raw.strip(b"\0 ") else "" for raw in kept
    ]
    assert cmdline_texts(np.array(raws, dtype="S64")) == expected
    assert cmdline_texts(kept) == expected


def test_one_that_is_not_plain_slows_its_own_block_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow: list[bytes] = []

    def counted(raw: bytes) -> str:
        slow.append(raw)
        return "slow"

    monkeypatch.setattr(texts_module, "_text", counted)
    raws = [b"plain"] * 2_000
    raws[1_000] = b"\x1b[2J"
    found = cmdline_texts(raws)
    assert len(slow) == 256
    assert found.count("plain") == 2_000 - 256


def each(frame: Frame) -> list[str]:
    table, known = frame.sample.processes, frame.lookups.known_command
    rows = range(len(table))
    return [known(table.identity(row), bytes(table.comm[row])).text for row in rows]


def test_every_list_has_them_as_its_rows_do() -> None:
    ends = [
        end(100, b"", cmdline=b""),
        end(101, b"\x1b[1m", cmdline=b""),
        end(102, b"sh", cmdline=b"/bin/sh\0-c\0x y\0", cmdline_bytes=15),
        *(end(200 + at, b"awk", cmdline=b"awk\0{}") for at in range(4)),
    ]
    frame = Life().at(1.0, ends)
    for listed in (exited_only(frame), with_exited(frame, 5.0, frozenset()), frame):
        table = listed.sample.processes
        assert listed.lookups.known_texts(table) == each(listed)
        kept = np.arange(len(table)) % 2 == 1
        some = listed.lookups.known_texts(table.only(kept))
        assert some == each(listed)[1::2]


def test_of_who_lives_as_well() -> None:
    """Cached command lines, and names in place of those that are not."""
    lookups = ProcLookups(ProcRoot(), UserNames())
    table = make_table([{"pid": 1, "start_ticks": 1}, {"pid": 2}])
    rows = range(len(table))
    known = lookups.known_command
    expected = [known(table.identity(row), table.comm[row]).text for row in rows]
    assert lookups.known_texts(table) == expected


def test_the_door_to_those_who_exited_knows_no_details_of_them() -> None:
    frame = Life().at(1.0, [end(100, cmdline=b"sh\0-c"), end(101, cmdline=b"")])
    listed = with_exited(frame, 5.0, frozenset())
    table, found = listed.sample.processes, listed.lookups
    by_pid = {pid: table.identity(row) for row, pid in enumerate(real_pids(listed))}
    assert found.cmdline(by_pid[100]) == b"sh\0-c"
    assert found.cmdline(by_pid[101]) is None
    assert found.cmdline(by_pid[10]) is None
    assert isinstance(frame.lookups, FakeLookups)
    asked: list[Identity] = []
    frame.lookups.read_details = asked.append
    for identity in by_pid.values():
        assert found.details(identity) is None
    assert sorted(one.pid for one in asked) == [1, 10, 11]
    living = frame.sample.processes
    assert found.known_texts(living) == frame.lookups.known_texts(living)
