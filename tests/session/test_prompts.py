"""Asking for a text: search, filter and interval."""

import pytest

from montauk_tui.model.schema import Need
from montauk_tui.model.text import clean
from montauk_tui.session.effects import Ask, EndAsking, Say
from tests.support.desk import Desk


def commands(desk: Desk, text: str) -> list[int]:
    """Return the positions of the rows whose command contains a text."""
    return [at for at, row in enumerate(desk.texts) if text in row]


def test_prompts_start_with_what_there_is() -> None:
    desk = Desk()
    desk.run("prompt_typed('filter', 'nginx')")
    for action, kind, text in (
        ("filter", "filter", "nginx"), ("search", "search", ""),
        ("interval", "interval", "1"),
    ):  # fmt: skip
        desk.run(action)
        (effect,) = desk.effects
        assert isinstance(effect, Ask)
        assert (effect.kind, effect.text) == (kind, text)


def test_while_a_query_means_nothing_the_last_that_did_filters() -> None:
    desk = Desk()
    every = desk.shown_pids
    desk.run("prompt_typed('filter', 'pid > 82')")
    shown = desk.shown_pids
    assert 0 < len(shown) < len(every)
    desk.run("prompt_typed('filter', 'pid > 82 and')")
    assert desk.shown_pids == shown
    assert desk.session.choices.filter_text == "pid > 82"
    desk.run("prompt_ended('filter', 'pid > 82', True)")
    assert desk.effects == (EndAsking(),)
    assert desk.shown_pids == shown
    desk.run("cancel")
    assert desk.shown_pids == every
    desk.run("cancel")
    assert desk.shown_pids == every


def test_a_filter_that_is_left_shows_everything_again() -> None:
    desk = Desk()
    every = desk.shown_pids
    desk.run("prompt_typed('filter', 'nginx')")
    desk.run("prompt_ended('filter', 'nginx', False)")
    assert desk.shown_pids == every


def test_search_goes_on_round_the_end_and_back() -> None:
    desk = Desk()
    hits = commands(desk, "worker process")
    assert len(hits) == 3
    desk.run("prompt_typed('search', 'WORKER p')")
    assert Need.CMDLINE in desk.session.choices.needs
    seen = [desk.session.selection.position]
    for step in (1, 1, 1, -1):
        desk.run(f"prompt_again({step})")
        seen.append(desk.session.selection.position)
    assert seen == [*hits, hits[0], hits[-1]]
    desk.run(f"select({hits[0] + 1})", "prompt_typed('search', 'worker process')")
    assert desk.session.selection.position == hits[1]
    desk.run("last", "prompt_typed('search', 'worker process')", "prompt_again(-1)")
    assert desk.session.selection.position == hits[-1]
    desk.run("prompt_typed('search', '~~~')", "prompt_again(1)")
    assert desk.session.selection.position == hits[-1]
    desk.run("prompt_ended('search', '~~~', True)", "prompt_again(1)")
    assert desk.session.choices.search_text == ""
    assert desk.session.selection.position == hits[-1]


def test_names_that_are_merged_are_found_as_well() -> None:
    desk = Desk()
    table = desk.rows.listed.sample.processes
    names = [clean(table.comm[row]) for row in desk.rows.projection.rows.tolist()]
    merged = [name for name in names if name not in " ".join(desk.texts)]
    desk.run("last", f"prompt_typed('search', {merged[0]!r})")
    assert desk.session.selection.position == len(desk.shown_pids) - 1
    desk.run("merged", f"prompt_typed('search', {merged[0]!r})")
    place = desk.session.place
    assert place is not None
    assert clean(table.comm[place]) == merged[0]


def test_the_interval_is_taken_or_refused() -> None:
    desk = Desk()
    desk.run("prompt_typed('interval', '2')", "prompt_ended('interval', '2.5s', True)")
    assert desk.session.choices.interval_s == 2.5
    desk.run("prompt_ended('interval', 'abc', True)")
    (effect,) = desk.effects
    assert isinstance(effect, Say)
    assert effect.severity == "error"
    assert desk.session.choices.interval_s == 2.5
    desk.run("prompt_ended('interval', '7', False)")
    assert desk.session.choices.interval_s == 2.5


@pytest.mark.parametrize("kind", ["filter", "search"])
def test_what_is_typed_asks_for_nothing_before_it_is_complete(kind: str) -> None:
    desk = Desk()
    desk.run(f"prompt_typed('{kind}', 'x')")
    assert desk.session.is_typing
    desk.sample()
    assert desk.session.is_typing
    desk.run(f"prompt_ended('{kind}', 'x', True)")
    assert not desk.session.is_typing
