import pytest

from montauk_tui.engine.query import EVERYTHING, matching, parse
from montauk_tui.engine.query.nodes import Words
from montauk_tui.model.frame import Frame
from tests.support.builders import FakeLookups, make_frame, make_sample


def frame_of(lookups: FakeLookups) -> Frame:
    rows = [{"pid": 1, "comm": "Init"}, {"pid": 2, "comm": "python3"}]
    return make_frame(None, make_sample(rows), lookups)


CMDLINES = {1: b"/sbin/init\0", 2: b"python3\0-m\0Server\0"}


@pytest.mark.parametrize("text", ["", "   ", "|", " | ||"])
def test_a_blank_filter_matches_everything(text: str) -> None:
    assert parse(text) == EVERYTHING
    assert not parse(text)
    assert matching(parse(text), frame_of(FakeLookups())).tolist() == [True, True]


def test_alternatives_are_trimmed_and_in_lower_case() -> None:
    assert parse(" Foo |bar baz||").root == Words(("foo", "bar baz"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("server", [False, True]),
        ("PYTHON3 -M", [False, True]),
        ("init", [True, False]),
        ("sbin|server", [True, True]),
        ("nobody", [False, False]),
        ("3", [False, True]),
    ],
)
def test_words_in_the_command_line(text: str, expected: list[bool]) -> None:
    frame = frame_of(FakeLookups(CMDLINES))
    assert matching(parse(text), frame).tolist() == expected


def test_the_name_is_searched_beside_the_command_line() -> None:
    frame = frame_of(FakeLookups({1: b"bash\0", 2: b"other\0"}))
    assert matching(parse("python"), frame).tolist() == [False, True]


def test_an_unread_command_line_is_not_read() -> None:
    lookups = FakeLookups(CMDLINES, cold=True)
    assert matching(parse("server"), frame_of(lookups)).tolist() == [False, False]
    assert matching(parse("init"), frame_of(lookups)).tolist() == [True, False]
    assert not lookups.read


def test_hostile_names_are_searched_as_they_are_shown() -> None:
    rows = [{"pid": 1, "comm": b"a\x1bb"}]
    frame = make_frame(None, make_sample(rows))
    assert matching(parse(r"a\x1bb"), frame).tolist() == [True]
