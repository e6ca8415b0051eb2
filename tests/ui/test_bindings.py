"""Every key leads somewhere, and is told of wherever keys are listed."""

import inspect
import re
from collections import Counter
from dataclasses import replace

import pytest
from textual.actions import parse as parse_action
from textual.binding import Binding
from textual.command import DiscoveryHit, Hit

from montauk_tui.resources import folder
from montauk_tui.session.table import ACTIONS
from montauk_tui.ui import themes
from montauk_tui.ui.app import MontaukApp
from montauk_tui.ui.bindings import (
    BINDINGS,
    EVERY_BINDING,
    FIRST_MINUTE,
    LOOK_BINDINGS,
    SECTIONS,
    key_name,
    key_names,
)
from montauk_tui.ui.commands import KeyCommands
from montauk_tui.ui.screens.details import DetailsScreen
from montauk_tui.ui.screens.help import HelpScreen
from montauk_tui.ui.widgets.help_page import help_lines
from tests.support.monitor import make_app, running


@pytest.mark.parametrize("binding", EVERY_BINDING, ids=lambda it: str(it.id))
def test_its_action_exists_and_takes_its_arguments(binding: Binding) -> None:
    where, name, arguments = parse_action(binding.action)
    node = DetailsScreen if where == "screen" else MontaukApp
    action = ACTIONS.get(name) if where != "screen" else None
    method = action or getattr(node, f"action_{name}")
    inspect.signature(method).bind(None, *arguments)


def test_every_action_has_a_key_or_comes_from_the_screen() -> None:
    keyed = {parse_action(binding.action)[1] for binding in EVERY_BINDING}
    assert {*ACTIONS} - keyed == {
        "select", "tab", "sort_or_invert", "type_digit", "forget_pid",
        "prompt_typed", "prompt_again", "prompt_ended", "go_to",
    }  # fmt: skip


def test_every_binding_has_a_name_a_label_and_a_description() -> None:
    for binding in EVERY_BINDING:
        assert binding.description, binding
        assert binding.tooltip, binding
        section, _, rest = (binding.id or "").partition(".")
        assert section in SECTIONS, binding
        assert rest, binding


def test_ids_labels_and_descriptions_are_unique() -> None:
    for field in ("id", "tooltip"):
        counted = Counter(getattr(binding, field) for binding in EVERY_BINDING)
        assert max(counted.values()) == 1, counted.most_common(1)


@pytest.mark.parametrize("bindings", [BINDINGS, LOOK_BINDINGS])
def test_no_key_does_two_things(bindings: list[Binding]) -> None:
    counted = Counter(key for binding in bindings for key in binding.key.split(","))
    assert max(counted.values()) == 1, counted.most_common(1)


def test_no_key_is_taken_by_textual_before_the_monitor_sees_it() -> None:
    own = {key for binding in BINDINGS for key in binding.key.split(",")}
    for key, bindings in make_app()._bindings.key_to_bindings.items():  # noqa: SLF001
        if key in own:
            assert {binding.id for binding in bindings} <= {b.id for b in BINDINGS}, key


def test_every_method_named_like_an_action_has_a_key() -> None:
    own = [name for name in vars(MontaukApp) if name.startswith("action_")]
    keyed = {f"action_{parse_action(binding.action)[1]}" for binding in BINDINGS}
    assert set(own) <= keyed


@pytest.mark.parametrize(
    ("key", "printed"),
    [
        ("f5", "F5"), ("t", "t"), ("V", "V"), ("ctrl+l", "Ctrl-L"), ("pageup", "PgUp"),
        ("escape", "Esc"), ("percent_sign", "%"), ("home", "Home"), ("comma", ","),
    ],
)  # fmt: skip
def test_keys_are_called_what_is_printed_on_them(key: str, printed: str) -> None:
    assert key_name(key) == printed


def test_no_name_of_a_key_is_one_only_programmers_know() -> None:
    for binding in EVERY_BINDING:
        for name in key_names(binding):
            assert re.fullmatch(
                r"(Shift-)?F\d+|Ctrl-[A-Z]|Alt-[a-z]|((Shift|Alt|Ctrl)-)?[A-Z][a-zA-Z]+|.",
                name,
            ), name


def help_text(width: int = 100) -> str:
    look = themes.load(themes.DEFAULT, [folder("themes")])
    lines = help_lines(EVERY_BINDING, look, width)
    return "\n".join("".join(text for text, _ in line) for line in lines)


def test_the_help_tells_of_every_key() -> None:
    text = re.sub(r" +", " ", help_text())
    for binding in EVERY_BINDING:
        assert f" {' '.join(key_names(binding))} {binding.tooltip}" in text
    for heading in SECTIONS.values():
        assert heading in text


def test_the_help_begins_with_the_ten_keys_that_matter() -> None:
    first = help_text().partition("Moving")[0].splitlines()
    assert first[0].strip() == "The first minute"
    named = {key.id: " ".join(key_names(key)) for key in EVERY_BINDING}
    shown = [line.split("  ")[1] for line in first[1:] if line.strip()]
    assert shown == [named[name] for name in FIRST_MINUTE]
    assert len(shown) == 10


@pytest.mark.parametrize(
    ("width", "columns"), [(38, 1), (78, 1), (107, 1), (108, 2), (177, 2), (198, 3)]
)
def test_the_help_has_as_many_columns_as_fit(width: int, columns: int) -> None:
    lines = help_text(width).splitlines()
    assert max(map(len, lines)) <= width
    headings = ["The first minute", *SECTIONS.values(), "Filters", "Symbols"]
    places = {
        line.index(f" {heading}")
        for heading in headings
        for line in lines
        if f" {heading}  " in f"{line}  "
    }
    assert len(places) == columns
    words = sorted(help_text(100).split())
    assert sorted("\n".join(lines).split()) == words, "nothing is cut"


async def test_the_help_is_searched_and_stands_still() -> None:
    async with running(size=(80, 24)) as monitor:
        await monitor.press("f1", "slash")
        await monitor.type("unknown:")
        await monitor.press("enter")
        assert "Unknown: not measured yet" in monitor.text
        before = monitor.lines
        await monitor.draw(replace(monitor.frame, seq=monitor.frame.seq + 1))
        assert monitor.lines == before
        await monitor.press("escape")
        assert monitor.is_alone


def test_digits_are_among_the_keys_that_find() -> None:
    finding = help_text().partition("Finding")[2].partition("Selecting")[0]
    assert re.search(r"^ +digits +Jump to the process", finding, re.MULTILINE)
    assert help_text().count("digits") == 1


async def test_the_help_scrolls_to_its_end_and_closes_with_any_of_its_keys() -> None:
    async with running(size=(80, 24)) as monitor:
        for opening, closing in (
            ("f1", "escape"), ("h", "q"), ("question_mark", "enter"), ("f1", "f1"),
            ("f1", "f10"), ("f1", "h"),
        ):  # fmt: skip
            await monitor.press(opening)
            assert isinstance(monitor.app.screen, HelpScreen)
            assert "Moving" in monitor.text
            assert "Unknown" not in monitor.text
            await monitor.press("end")
            assert "Unknown" in monitor.text
            await monitor.press("home", "pagedown", "down", "up", "pageup")
            assert "Moving" in monitor.text
            await monitor.press(closing)
            assert monitor.is_alone, closing


async def commands(app: MontaukApp, query: str) -> dict[str, str]:
    """Return what the palette finds: help by title."""
    provider = KeyCommands(app.screen)
    hits = [hit async for hit in provider.search(query)]
    return {str(hit.text): hit.help or "" for hit in hits if isinstance(hit, Hit)}


async def test_the_palette_offers_every_key_with_what_it_does() -> None:
    async with running() as monitor:
        provider = KeyCommands(monitor.app.screen)
        offered = {
            str(hit.display): hit.help
            async for hit in provider.discover()
            if isinstance(hit, DiscoveryHit)
        }
        for binding in BINDINGS:
            title = f"{binding.description}  ({key_names(binding)[0]})"
            assert offered[title] == binding.tooltip
            found = await commands(monitor.app, binding.description)
            assert binding.tooltip in found.values()


async def test_the_palette_finds_by_description() -> None:
    async with running() as monitor:
        found = await commands(monitor.app, "resident memory")
        assert list(found.values()) == ["Sort by resident memory"]
        assert await commands(monitor.app, "no such thing") == {}


async def test_the_palette_does_what_is_chosen() -> None:
    async with running(size=(100, 30)) as monitor:
        await monitor.press("ctrl+p")
        await monitor.type("switch between tree")
        await monitor.until(lambda: "Switch between tree" in monitor.text)
        await monitor.press("down", "enter")
        await monitor.until(lambda: monitor.app.session.choices.view.tree)
        await monitor.until(lambda: "tree by START" in monitor.text)


async def test_the_key_bar_shows_its_keys_and_a_click_presses_them() -> None:
    async with running(size=(128, 30)) as monitor:
        bar = monitor.lines[-1]
        for binding in BINDINGS:
            if binding.show:
                assert f"{key_names(binding)[0]} {binding.description}" in bar
        await monitor.click("#keys", bar.index("Tree"))
        assert monitor.app.session.choices.view.tree
        assert "F5 List" in monitor.lines[-1]
        await monitor.click("#keys", monitor.lines[-1].index("F5"))
        assert not monitor.app.session.choices.view.tree
        await monitor.click("#keys", 126)
        await monitor.click("#keys", bar.index("Z Pause"))
        assert "Z Resume" in monitor.lines[-1]


async def test_on_80_columns_the_bar_has_blanks_between_its_keys() -> None:
    async with running(size=(80, 24)) as monitor:
        bar = monitor.lines[-1]
        assert bar.rstrip() == (
            "F1 Help F2 Setup F3 Search F4 Filter F5 Tree F6 Sort F9 Kill S Spawner"
            " F10 Quit"
        )
        await monitor.click("#keys", bar.index("Tree"))
        assert monitor.app.session.choices.view.tree


@pytest.mark.parametrize(
    ("width", "keys"),
    [(110, "1 2 3 4 5 6 9 10"), (60, "1 4 5 6 9 10"), (40, "1 4 9 10"),
     (20, "1 10"), (8, "10")],
)  # fmt: skip
async def test_a_narrow_bar_keeps_the_keys_that_matter(width: int, keys: str) -> None:
    async with running(size=(width, 10)) as monitor:
        assert re.findall(r"F(\d+)", monitor.lines[-1]) == keys.split()


@pytest.mark.parametrize("key", ["q", "f10", "ctrl+c"])
async def test_keys_that_leave(key: str) -> None:
    app = make_app()
    async with running(app) as monitor:
        await monitor.pilot.press(key)
        await monitor.until(lambda: not app.is_running)
    assert (app.return_code, app.failure) == (0, None)


async def test_interrupt_leaves_whatever_is_open() -> None:
    app = make_app()
    async with running(app) as monitor:
        await monitor.press("f4", "f6", "f1")
        await monitor.pilot.press("ctrl+c")
        await monitor.until(lambda: not app.is_running)
    assert app.return_code == 0
