"""Choosing processes: tags, one user's, and the one that is followed."""

from montauk_tui.session.effects import Choose
from tests.support.acting import Children, desk_of
from tests.support.churn import churning_collector
from tests.support.desk import Desk


def tagged(desk: Desk) -> list[int]:
    return sorted(tag.pid for tag in desk.session.choices.tags)


def test_a_tag_comes_and_goes_with_the_key_and_goes_with_its_process(
    family: Children,
) -> None:
    pids = [identity.pid for _, identity in family]
    desk = desk_of(family)
    desk.run("tag", "tag")
    assert tagged(desk) == pids[:2]
    assert desk.current_pid == pids[2]
    before = desk.frame
    desk.draw(desk_of(family[1:]).frame)
    assert tagged(desk) == pids[1:2]
    desk.draw(before)
    assert tagged(desk) == pids[1:2]
    desk.run("move(-1)", "tag")
    assert tagged(desk) == []


def test_the_subtree_is_tagged(family: Children) -> None:
    pids = [identity.pid for _, identity in family]
    desk = desk_of(family)
    desk.run("tag_subtree")
    assert tagged(desk) == pids
    desk.run("tag")
    assert tagged(desk) == pids[1:]
    desk.run("untag")
    assert tagged(desk) == []


def test_the_processes_of_one_user_are_shown() -> None:
    desk = Desk()
    every = len(desk.shown_pids)
    desk.run("choose_user")
    (effect,) = desk.effects
    assert isinstance(effect, Choose)
    assert effect.current == "all users"
    assert [choice.title for choice in effect.choices][1:] == sorted(
        choice.title for choice in effect.choices[1:]
    )
    desk.answer("33")
    assert 0 < len(desk.shown_pids) < every
    desk.run("choose_user")
    desk.answer("all users")
    assert len(desk.shown_pids) == every


def test_who_is_followed_is_so_until_it_ends(family: Children) -> None:
    pid = family[1][1].pid
    desk = desk_of(family)
    desk.run("move(1)", "follow", "invert", "sort('cpu_pct')")
    desk.sample()
    assert desk.current_pid == pid
    assert desk.session.choices.following == family[1][1]
    desk.draw(desk_of([family[0]]).frame)
    assert desk.said == f"followed PID {pid} has exited"
    assert desk.session.choices.following is None


def test_following_ends_with_the_key_or_with_another_selection() -> None:
    desk = Desk()
    desk.run("follow")
    assert desk.session.current is not None
    assert desk.session.choices.following == desk.session.current.process
    desk.run("follow")
    assert desk.session.choices.following is None
    for away in ("move(1)", "last", "type_digit('1')"):
        desk.run("first", "sort('cpu_pct')", "follow", away)
        assert desk.session.choices.following is None, away


def test_all_that_is_shown_is_tagged(family: Children) -> None:
    pids = [identity.pid for _, identity in family]
    desk = desk_of(family)
    desk.run("prompt_typed('filter', 'child1|child2')", "tag_all")
    assert tagged(desk) == pids[1:]
    assert desk.said == "2 processes shown, all tagged"
    desk.run("prompt_typed('filter', 'nothing')", "tag_all")
    assert desk.said == "no live process is shown"
    assert tagged(desk) == pids[1:]


def test_exited_processes_are_not_tagged() -> None:
    desk = Desk(churning_collector())
    desk.run("tag_all")
    live = desk.frame.sample.processes
    assert tagged(desk)
    assert {*tagged(desk)} <= {*live.pid.tolist()}
    desk.run("untag", "tab('exited')", "tag_all")
    assert desk.said == "no live process is shown"
