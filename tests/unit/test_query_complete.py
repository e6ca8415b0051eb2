import pytest

from montauk_tui.engine.query.complete import complete
from montauk_tui.engine.query.fields import NAMES, SHORT


@pytest.mark.parametrize(
    ("text", "start", "names"),
    [
        ("us", 0, ("user",)),
        ("US", 0, ("user",)),
        ("cpu > 3 and us", 12, ("user",)),
        ("not (st", 5, ("start", "state")),
        ("a|!st", 3, ("start", "state")),
        ("parent.us", 0, ("parent.user",)),
        ("parent.parent.us", 0, ("parent.parent.user",)),
        ("pa", 0, ("parent.",)),
        ("fork", 0, ("fork/s", "forks_rate")),
        ("rss_", 0, ("rss_bytes",)),
        ("mem", 0, ("mem", "mem%")),
    ],
)
def test_names_of_fields_are_offered_where_one_can_stand(
    text: str, start: int, names: tuple[str, ...]
) -> None:
    found = complete(text)
    assert (found.start, found.names) == (start, names)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "user = ro",
        "name ~us",
        "x 'a us",
        '"a us',
        '"us',
        "x 'us",
        "/us",
        "nothing",
        "3us",
    ],
)
def test_nothing_is_offered_in_values_quotes_and_other_texts(text: str) -> None:
    assert complete(text).names == ()


def test_the_longest_common_part_is_what_can_be_completed() -> None:
    assert complete("th").longest == "threads"
    assert complete("s").longest == "s"
    assert complete("sta").longest == "sta"
    assert complete("nothing").longest == "nothing"


def test_what_is_offered_is_a_field() -> None:
    assert set(SHORT) <= set(NAMES)
