"""How many command lines a filter cannot see whole, and that it is said."""

from dataclasses import replace

import pytest

from montauk_tui.engine.query import parse
from montauk_tui.engine.query.cuts import cut_commands, cut_text
from montauk_tui.export.cutnote import CutNote
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import Identity
from tests.support.builders import FakeLookups, make_frame, make_sample
from tests.support.exits import make_exits


def frame(cut: int) -> Frame:
    lookups = FakeLookups()
    lookups.cut_commands = frozenset(Identity(pid, 1) for pid in range(cut))
    exits = make_exits(
        [
            {"pid": 2, "cmdline": b"x" * 400, "cmdline_bytes": 5000},
            {"pid": 3, "cmdline": b"true", "cmdline_bytes": 5},
        ]
    )
    return make_frame(None, make_sample(exits=exits), lookups)


@pytest.mark.parametrize(
    ("wanted", "count"),
    [("", 0), ("cpu > 1", 0), ("needle", 4), ("not needle", 4), ("cpu > 1 or x", 4)],
)
def test_those_count_that_the_filter_asks_about(wanted: str, count: int) -> None:
    assert cut_commands(frame(3), parse(wanted)) == count


def test_what_is_remembered_counts_where_it_is_filtered() -> None:
    one = frame(0)
    assert cut_commands(one, parse("x")) == 1
    assert cut_commands(one, parse("x"), all_kept=True) == 0
    assert cut_commands(replace(one, recent=one.recent), parse("x")) == 1


def test_nothing_is_said_where_nothing_is_cut(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with CutNote() as note:
        note.at_least(0)
    assert capsys.readouterr().err == ""
    stopped = CutNote()
    stopped.at_least(2)
    stopped.at_least(1)
    stopped.__exit__(KeyboardInterrupt)
    assert capsys.readouterr().err == f"montauk: {cut_text(2)}\n"
    assert cut_text(1).startswith("1 command line is cut")
