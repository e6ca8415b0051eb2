"""Folding the tree, and the order of siblings in it."""

import pytest

from montauk_tui.config import Settings
from tests.support.desk import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk(settings=Settings(tree=True))


def test_a_branch_folds_and_unfolds(desk: Desk) -> None:
    before = desk.shown_pids
    desk.choose(820)
    desk.run("fold")
    assert desk.shown_pids == [pid for pid in before if pid not in range(821, 825)]
    assert desk.current_pid == 820
    desk.run("fold")
    assert desk.shown_pids == before


def test_a_leaf_does_not_fold(desk: Desk) -> None:
    desk.choose(822)
    desk.run("fold")
    assert not desk.session.choices.view.folds


def test_all_branches_fold_and_unfold(desk: Desk) -> None:
    before = desk.shown_pids
    desk.choose(822)
    desk.run("fold_all")
    assert {1, 820} <= set(desk.shown_pids)
    assert 822 not in desk.shown_pids
    # The selection was inside.
    assert desk.current_pid == 820
    desk.run("fold")
    assert 822 in desk.shown_pids
    desk.run("fold_all")
    assert desk.shown_pids == before


def test_the_branch_around_folds_up_to_its_root(desk: Desk) -> None:
    desk.choose(822)
    desk.run("fold_parent")
    assert desk.current_pid == 820
    desk.run("fold_parent", "fold_parent")
    assert desk.shown_pids == [1]


@pytest.mark.parametrize("made", ["tree", "prompt_typed('filter', 'nginx')"])
def test_the_list_does_not_fold_and_nor_does_a_filter(desk: Desk, made: str) -> None:
    desk.run(made)
    before = desk.shown_pids
    desk.run("fold", "fold_all", "fold_parent")
    assert desk.shown_pids == before
    assert not desk.session.choices.view.folds
    assert not desk.said


def test_the_first_key_for_siblings_takes_the_order_of_the_list() -> None:
    desk = Desk()
    desk.run("sort('rss_bytes')", "tree")
    assert desk.session.choices.view.sort.id == "start"
    desk.run("siblings")
    assert desk.session.choices.view.sort.id == "rss_bytes"
    desk.run("siblings")
    assert desk.session.choices.view.sort.id == "start"
