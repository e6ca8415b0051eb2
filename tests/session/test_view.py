"""What is shown, and in which order."""

import sys

import pytest

from montauk_tui.config import Settings
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.model.schema import Need
from montauk_tui.session import tabs
from montauk_tui.session.effects import Choose, Open, Sample, Scroll
from montauk_tui.session.state import NotPossible, Session
from montauk_tui.session.table import ACTIONS, call_action
from tests.support.desk import Desk

TURNED = [
    name for name, it in ACTIONS.items() if "turn." in getattr(it, "__qualname__", "")
]


@pytest.mark.parametrize("action", ["tree", "invert", "containers", *TURNED])
def test_what_is_turned_on_is_turned_off_again(action: str) -> None:
    desk = Desk()
    before = desk.session.choices
    desk.run(action)
    turned = desk.session.choices
    assert turned != before
    desk.run(action, action)
    assert desk.session.choices.view == turned.view
    desk.run(action)
    assert desk.session.choices.view == before.view
    assert desk.session.choices.needs == before.needs


def test_a_title_sorts_and_turns_round_and_a_key_only_sorts() -> None:
    desk = Desk()

    def order() -> tuple[str, bool]:
        view = desk.session.choices.view
        return view.sort.id, view.descending

    desk.run("sort_or_invert('rss_bytes')")
    assert order() == ("rss_bytes", True)
    desk.run("sort_or_invert('rss_bytes')")
    assert order() == ("rss_bytes", False)
    desk.run("sort('rss_bytes')")
    assert order() == ("rss_bytes", True)
    desk.run("sort('rss_bytes')")
    assert order() == ("rss_bytes", True)


def test_the_sort_column_is_chosen_from_a_list_that_tells_its_price() -> None:
    desk = Desk()
    desk.run("choose_sort")
    (effect,) = desk.effects
    assert isinstance(effect, Choose)
    assert effect.current == "cpu_pct"
    notes = {choice.id: choice.note for choice in effect.choices}
    assert "needs" in notes["pss_bytes"]
    assert notes["pid"] == ""
    assert "ncpu_pct" not in notes
    desk.answer("pss_bytes")
    assert desk.session.choices.view.sort.id == "pss_bytes"
    assert Need.of("pss_bytes") in desk.session.choices.needs


@pytest.mark.parametrize(
    ("action", "effects"),
    [
        ("scroll(3)", (Scroll(rows=3),)),
        ("shift(-8)", (Scroll(cells=-8),)),
        ("shift_home", (Scroll(cells=-sys.maxsize),)),
        ("shift_end", (Scroll(cells=sys.maxsize),)),
        ("refresh_now", (Sample(anew=True),)),
        ("help", (Open("help"),)),
        ("setup", (Open("setup"),)),
        ("command_palette", (Open("commands"),)),
        ("choose_theme", (Open("themes"),)),
    ],
)
def test_what_only_the_screen_can_do_is_asked_of_it(
    action: str, effects: tuple[object, ...]
) -> None:
    desk = Desk()
    before = desk.session
    desk.run(action)
    assert desk.effects == effects
    assert desk.session == before


ARGUMENTS = {
    "sort": ("pid",), "sort_or_invert": ("pid",), "tab": ("io",), "look": ("files",),
    "type_digit": ("1",), "prompt_typed": ("filter", "x"), "prompt_again": (1,),
    "prompt_ended": ("search", "", True), "go": (1,), "go_s": (60.0,),
    "go_to": (0.0,), "go_end": (1,),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_before_the_first_frame_no_action_does_any_harm(name: str) -> None:
    session = Session.start(Settings(), "montauk-dark")
    takes_step = name.endswith(("nice", "next_tab")) or name in (
        "move", "move_page", "select", "scroll", "shift",
    )  # fmt: skip
    update = call_action(
        session, name, *ARGUMENTS.get(name, (1,) if takes_step else ())
    )
    assert update.session.rows is None
    assert update.session.current is None
    with pytest.raises(NotPossible):
        _ = update.session.seen


def test_the_tree_has_the_rows_of_the_list_without_listing_them_again() -> None:
    desk = Desk()
    before = tabs._with_exited.cache_info().misses  # noqa: SLF001 - calls are counted
    desk.run("tree", "tree", "tree")
    assert tabs._with_exited.cache_info().misses == before  # noqa: SLF001


def test_the_columns_of_the_tab_are_offered_first_to_sort_by() -> None:
    desk = Desk(settings=Settings(columns=("pid", "rss_bytes:9", "command")))
    desk.run("choose_sort")
    (offer,) = desk.effects
    assert isinstance(offer, Choose)
    offered = [choice.id for choice in offer.choices]
    assert offered[:4] == ["pid", "rss_bytes", "command", "ppid"]
    assert sorted(offered) == sorted(set(COLUMNS) - {"ncpu_pct"})
