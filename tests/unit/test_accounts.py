"""Totals of groups: bounded in number, and none ever falls."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from montauk_tui.engine.groups import accounts as module
from montauk_tui.engine.groups.accounts import KEEP_S, Accounts
from montauk_tui.engine.groups.assigned import OTHER
from montauk_tui.engine.groups.counted import COUNTERS, GAUGES, GroupCounts

CPU = COUNTERS.index("user_s")


def counts(rest_s: float = 0.0, **used_s: float) -> GroupCounts:
    """Return counts in which each group used some CPU time and has one process."""
    grown = np.zeros((len(used_s) + 1, len(COUNTERS)))
    grown[:, CPU] = [*used_s.values(), rest_s]
    held = np.zeros((len(used_s) + 1, len(GAUGES)))
    held[: len(used_s), 0] = 1
    return GroupCounts([*used_s], grown, held)


def cpu_of(accounts: Accounts) -> dict[str, float]:
    return {name: accounts.totals[it, CPU] for it, name in accounts.places()}


def held_by(accounts: Accounts) -> dict[str, float]:
    return {name: accounts.held[it, 0] for it, name in accounts.places()}


def test_totals_are_sums_and_what_is_held_is_that_of_the_last_interval() -> None:
    accounts = Accounts()
    accounts.add(counts(a=1.0, b=2.0), 1.0)
    accounts.add(counts(a=0.5, rest_s=0.25), 2.0)
    assert cpu_of(accounts) == {"a": 1.5, "b": 2.0, OTHER: 0.25}
    assert held_by(accounts) == {"a": 1.0, "b": 0.0, OTHER: 0.0}
    assert (len(accounts), accounts.folded) == (2, 0)


def test_a_group_of_no_process_is_kept_for_five_minutes() -> None:
    accounts = Accounts()
    accounts.add(counts(a=1.0), 0.0)
    accounts.add(counts(), KEEP_S)
    assert cpu_of(accounts) == {"a": 1.0, OTHER: 0.0}
    before = accounts.changes
    accounts.add(counts(), KEEP_S + 1)
    assert cpu_of(accounts) == {OTHER: 0.0}
    assert accounts.changes > before


def test_a_group_that_comes_back_goes_on_where_it_was() -> None:
    accounts = Accounts()
    accounts.add(counts(a=1.0), 0.0)
    accounts.add(counts(), KEEP_S + 1)
    accounts.add(counts(a=0.5), KEEP_S + 2)
    assert cpu_of(accounts) == {"a": 1.5, OTHER: 0.0}


def test_what_has_no_account_is_in_other_and_the_busiest_have_one() -> None:
    accounts = Accounts(most=2)
    accounts.add(counts(a=1.0, b=3.0, c=2.0), 0.0)
    assert cpu_of(accounts) == {"b": 3.0, "c": 2.0, OTHER: 1.0}
    assert accounts.folded == 1
    assert held_by(accounts)[OTHER] == 1.0
    accounts.add(counts(a=50.0, b=0.0, c=0.0), 1.0)
    assert cpu_of(accounts) == {"b": 3.0, "c": 2.0, OTHER: 51.0}, "too soon"


def test_a_busier_group_takes_the_place_of_one_that_had_it_for_long() -> None:
    accounts = Accounts(most=2)
    accounts.add(counts(a=1.0, b=3.0), 0.0)
    accounts.add(counts(a=0.0, b=0.0, c=0.9), KEEP_S + 1)
    assert cpu_of(accounts).keys() == {"a", "b", OTHER}, "it is not clearly busier"
    accounts.add(counts(a=0.0, b=0.0, c=5.0), KEEP_S + 2)
    # What it used before stays in other: each second is counted once.
    assert cpu_of(accounts) == {"b": 3.0, "c": 5.0, OTHER: 0.9}
    accounts.add(counts(a=99.0, b=0.0, c=0.0), KEEP_S + 3)
    assert cpu_of(accounts) == {"a": 100.0, "c": 5.0, OTHER: 0.9}


def test_the_name_of_other_needs_no_account() -> None:
    accounts = Accounts(most=1)
    accounts.add(counts(other=1.0, a=1.0), 0.0)
    assert cpu_of(accounts) == {"a": 1.0, OTHER: 1.0}
    assert accounts.folded == 0


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_CLOSED", 2)
    monkeypatch.setattr(module, "_MOST_WATCHED", 3)
    accounts = Accounts(most=1)
    for number in range(9):
        accounts.add(counts(**{f"g{number}": 1.0}), number * (KEEP_S + 1))
    accounts.add(counts(g7=0.5), 9 * (KEEP_S + 1))
    assert cpu_of(accounts)["g7"] == 1.5
    accounts.add(counts(g1=0.5), 10 * (KEEP_S + 1))
    assert cpu_of(accounts)["g1"] == 0.5, "forgotten: Prometheus sees a reset"
    # Of many that are folded the busiest are watched.
    many = {f"h{number}": 1.0 + number for number in range(50)}
    accounts.add(counts(g1=0.0, **many), 10 * (KEEP_S + 1) + 1)
    accounts.add(counts(g1=0.0, h0=1.0, h49=1.0), 11 * (KEEP_S + 1) + 1)
    assert cpu_of(accounts).keys() == {"h49", OTHER}


def test_groups_that_rename_themselves_open_a_bounded_number_of_accounts() -> None:
    accounts = Accounts(most=10)
    for second in range(600):
        # A busy group of another name each second, and twenty that are idle.
        idle = {f"i{number}": 0.0 for number in range(20)}
        accounts.add(counts(**{f"n{second}": 2.0}, **idle), float(second))
        assert len(accounts) <= 10
    # Ten at once, and ten for each time that they are kept.
    assert accounts.changes <= 10 + 2 * 10 * (600 / KEEP_S)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 100), max_size=6),
            st.sampled_from([1.0, 30.0, KEEP_S + 1]),
        ),
        max_size=30,
    )
)
def test_no_total_ever_falls_and_nothing_is_lost(
    intervals: list[tuple[dict[str, float], float]],
) -> None:
    accounts, now_s, highest, total = Accounts(most=2), 0.0, dict[str, float](), 0.0
    for used_s, passed_s in intervals:
        now_s += passed_s
        accounts.add(counts(**used_s), now_s)
        total += sum(used_s.values())
        for name, value in cpu_of(accounts).items():
            assert value >= highest.get(name, 0.0)
            highest[name] = value
        assert len(accounts) <= 2
    assert sum(highest.values()) == pytest.approx(total)


def test_the_places_are_different_ones() -> None:
    accounts = Accounts(most=3)
    for names in itertools.combinations("abcde", 3):
        accounts.add(counts(**dict.fromkeys(names, 1.0)), 1.0)
    places = [place for place, _ in accounts.places()]
    assert len({*places}) == len(places)
