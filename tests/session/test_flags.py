"""What a flag limits for one run: a user, PIDs."""

from pathlib import Path

import pytest

from montauk_tui.config import Settings
from tests.support.acting import Children, desk_of
from tests.support.builders import make_frame, make_sample
from tests.support.desk import Desk


def test_one_user_from_the_start_and_another_or_all_later() -> None:
    everyone, desk = Desk(), Desk(settings=Settings(uid=33))
    assert desk.session.choices.view.uid == 33
    assert 0 < len(desk.shown_pids) < len(everyone.shown_pids)
    desk.run("choose_user")
    desk.answer("all users")
    assert desk.shown_pids == everyone.shown_pids


def test_some_pids_whatever_the_filter(family: Children) -> None:
    pids = [identity.pid for _, identity in family]
    desk = desk_of(family, pids=(pids[0], pids[2], 4_000_000))
    assert desk.shown_pids == [pids[0], pids[2]]
    desk.run("prompt_typed('filter', 'child2')")
    assert desk.shown_pids == [pids[2]]
    desk.run("prompt_ended('filter', '', False)", "cancel")
    assert desk.shown_pids == [pids[0], pids[2]]
    desk.run("tree")
    assert desk.shown_pids == [pids[0], pids[2]]


def test_threads_are_shown_with_their_process() -> None:
    rows = [{"pid": 10}, {"pid": 11, "tgid": 10}, {"pid": 12, "tgid": 9}, {"pid": 9}]
    settings = Settings(pids=(10,), user_threads=True, sort="pid", descending=False)
    desk = Desk(settings=settings)
    desk.draw(make_frame(None, make_sample(rows)))
    assert desk.shown_pids == [10, 11]


def test_a_flag_is_not_saved(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, family: Children
) -> None:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("MONTAUK_CONFIG", str(path))
    flags = {"uid": 0, "pids": (family[0][1].pid,), "no_color": True, "mouse": False}
    desk = desk_of(family, **flags, tree=True, read_only=True, filter="child")
    desk.run("save_settings")
    assert "nothing to save" in desk.said
    desk.run("kernel_threads", "save_settings")
    assert path.read_text() == "kernel_threads = true\n"
