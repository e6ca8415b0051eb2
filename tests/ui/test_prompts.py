"""What is typed: filter, search, interval; and the list of themes."""

import asyncio
from pathlib import Path
from typing import Final

import pytest
from textual import events
from textual.widgets import Static

from montauk_tui.engine.columns.table import COLUMNS, id_of
from montauk_tui.resources import folder
from montauk_tui.ui import themes
from montauk_tui.ui.screens.choose import ChooseScreen
from montauk_tui.ui.widgets.prompt import PromptBar
from tests.support.monitor import Monitor, make_app, running

SIZE: Final = (120, 40)

NGINX: Final = {820, 821, 822, 823, 824}


def is_asking(monitor: Monitor) -> bool:
    return bool(monitor.app.controller.main.query(PromptBar))


def commands(monitor: Monitor) -> list[str]:
    """Return the command lines of all rows, top to bottom."""
    projection, frame = monitor.rows.projection, monitor.frame
    table = frame.sample.processes
    return [
        frame.lookups.command(table.identity(row), table.comm[row]).text
        for row in projection.rows.tolist()
    ]


@pytest.mark.parametrize("key", ["f4", "\\"])
async def test_the_filter_works_while_it_is_typed(key: str) -> None:
    async with running(size=SIZE) as monitor:
        await monitor.press(key)
        assert is_asking(monitor)
        counts = []
        for char in "Nginx":
            await monitor.press(char)
            counts.append(len(monitor.shown_pids))
        assert counts == sorted(counts, reverse=True)
        assert set(monitor.shown_pids) == NGINX
        assert "filter Nginx" in monitor.text
        await monitor.press(*["backspace"] * 4)
        assert len(monitor.shown_pids) > len(NGINX)


async def test_enter_keeps_the_filter_and_escape_on_the_table_leaves_it() -> None:
    async with running(size=SIZE) as monitor:
        await monitor.press("f4")
        await monitor.type("nginx")
        await monitor.press("enter")
        assert not is_asking(monitor)
        assert set(monitor.shown_pids) == NGINX
        assert "F10 Quit" in monitor.lines[-1]
        # Keys belong to the table again.
        await monitor.press("N", "down")
        assert monitor.current_pid == 821
        await monitor.press("escape")
        assert len(monitor.shown_pids) == 54
        assert "filter" not in monitor.text


async def test_escape_in_the_prompt_shows_everything_again() -> None:
    async with running(size=SIZE) as monitor:
        await monitor.press("f4")
        await monitor.type("nginx")
        await monitor.press("escape")
        assert not is_asking(monitor)
        assert len(monitor.shown_pids) == 54


async def test_a_filter_can_be_edited_further() -> None:
    async with running(size=SIZE) as monitor:
        await monitor.press("f4")
        await monitor.type("nginx")
        await monitor.press("enter", "f4")
        await monitor.type("|CRON")
        assert set(monitor.shown_pids) == NGINX | {602, 4500}
        await monitor.press("enter")
        assert monitor.app.session.choices.filter_text == "nginx|CRON"


async def test_a_filter_that_nothing_matches_leaves_an_empty_table() -> None:
    async with running(size=SIZE) as monitor:
        await monitor.press("down", "f4")
        await monitor.type("no such command")
        await monitor.press("enter")
        assert "0 shown" in monitor.text
        assert monitor.current_pid is None
        keys = ("down", "end", "pageup", "home", "right", "ctrl+e", "t", "I", "1")
        await monitor.press(*keys, "f3", "x", "f3", "enter")
        await monitor.click("#table", 3, 3)
        await monitor.sample()
        assert monitor.current_pid is None
        await monitor.press("escape")
        assert len(monitor.shown_pids) == 54


def underlined(monitor: Monitor) -> str:
    """Return what is underlined in the prompt."""
    prompt = monitor.app.controller.main.query_one(PromptBar)
    return "".join(
        segment.text
        for segment in prompt.input.render_line(0)
        if segment.style and segment.style.underline
    )


async def test_comparisons_filter_while_they_are_typed() -> None:
    async with running(size=SIZE) as monitor:
        await monitor.press("f4")
        await monitor.type("nginx and parent.name = nginx")
        assert 0 < len(monitor.shown_pids) < len(NGINX)
        assert underlined(monitor) == ""
        await monitor.press("enter")
        assert not is_asking(monitor)
        assert "filter nginx and parent.name = nginx" in monitor.text


async def test_while_a_query_means_nothing_the_last_that_did_filters() -> None:
    async with running(size=SIZE) as monitor:
        await monitor.press("f4")
        await monitor.type("nginx and pid > 82q and a")
        shown = set(monitor.shown_pids)
        assert underlined(monitor) == "82q"
        assert "column 17: '82q' is not a number; expected" in monitor.lines[-1]
        await monitor.press("enter")
        assert is_asking(monitor)
        await monitor.sample()
        assert set(monitor.shown_pids) == shown
        assert monitor.app.session.choices.filter_text == "nginx and pid > 82"
        await monitor.press(*["backspace"] * 7, "0", "enter")
        assert not is_asking(monitor)
        assert monitor.app.session.choices.filter_text == "nginx and pid > 820"
        assert set(monitor.shown_pids) == NGINX - {820}


async def test_a_mistake_at_the_end_marks_the_last_sign() -> None:
    async with running(size=(80, 24)) as monitor:
        await monitor.press("f4")
        await monitor.type("cpu >")
        assert underlined(monitor) == ">"
        assert (
            monitor.lines[-1].rstrip().endswith("column 6: a value is missing behind >")
        )
        await monitor.press("escape")
        assert len(monitor.shown_pids) == 54


@pytest.mark.parametrize("typed", ["[/x] = 3", "x = [/red]", "name ~ [@click=a]b]("])
async def test_what_is_typed_is_never_read_as_markup(typed: str) -> None:
    async with running(size=SIZE) as monitor:
        await monitor.press("f4")
        await monitor.type(typed)
        assert monitor.lines[-1].startswith(f" Filter {typed}")
        await monitor.press("escape")
        assert not is_asking(monitor)


async def test_tab_completes_names_of_fields_and_offers_those_there_are() -> None:
    async with running(size=SIZE) as monitor:
        await monitor.press("f4")
        await monitor.type("st")
        assert monitor.lines[-1].rstrip().endswith("Tab: start state")
        await monitor.press("tab")
        prompt = monitor.app.controller.main.query_one(PromptBar)
        assert prompt.input.value == "sta"
        await monitor.press("t", "tab")
        assert prompt.input.value == "state "
        await monitor.type("= R and par")
        await monitor.press("tab")
        await monitor.type("na")
        await monitor.press("tab")
        assert prompt.input.value == "state = R and parent.name "
        assert monitor.app.session.choices.tab == "main"
        await monitor.press("tab")
        assert prompt.input.value == "state = R and parent.name "
        assert is_asking(monitor)


async def test_tab_in_a_search_stays_in_the_prompt() -> None:
    async with running(size=SIZE) as monitor:
        await monitor.press("f3")
        await monitor.type("us")
        await monitor.press("tab")
        assert monitor.app.controller.main.query_one(PromptBar).input.value == "us"
        assert monitor.app.session.choices.tab == "main"


async def test_a_query_filters_the_other_tabs_as_well() -> None:
    async with running(size=SIZE) as monitor:
        await monitor.press("tab", "tab", "f4")
        await monitor.type("exit != 0")
        await monitor.press("enter")
        assert monitor.app.session.choices.tab == "exited"
        assert "filter exit != 0" in monitor.text


async def test_the_tree_keeps_the_ancestors_of_what_matches() -> None:
    async with running(size=SIZE) as monitor:
        await monitor.press("t", "f4")
        await monitor.type("rustc")
        await monitor.press("enter")
        expected = [1, 640, 2044, 2051, 2052, 2160, 2161, 3985, 3990, 4101, 4102]
        assert monitor.shown_pids == [*expected, 4121, 4122]
        assert "13 shown" in monitor.text


@pytest.mark.parametrize("key", ["f3", "/"])
async def test_search_jumps_marks_and_goes_round(key: str) -> None:
    async with running(size=SIZE) as monitor:
        everything = commands(monitor)
        hits = [at for at, text in enumerate(everything) if "worker process" in text]
        assert len(hits) == 3
        match = monitor.app.controller.theme.style("match")
        await monitor.press(key)
        await monitor.type("WORKER p")
        assert monitor.table.position == hits[0]
        assert len(monitor.shown_pids) == 54
        marked = [
            segment.text
            for segment in monitor.table.render_line(hits[1])
            if segment.style and segment.style.bgcolor == match.bgcolor
        ]
        assert marked == ["worker p"]
        for hit in (hits[1], hits[2], hits[0]):
            await monitor.press("f3")
            assert monitor.table.position == hit
        await monitor.press("enter")
        assert not is_asking(monitor)
        assert monitor.table.position == hits[0]
        line = monitor.table.render_line(hits[1])
        assert all(
            not segment.style or segment.style.bgcolor != match.bgcolor
            for segment in line
        )


async def test_one_prompt_takes_the_place_of_another() -> None:
    async with running(size=SIZE) as monitor:
        await monitor.press("f3", "f4")
        assert len(monitor.app.controller.main.query(PromptBar)) == 1
        assert monitor.lines[-1].startswith(" Filter ")
        await monitor.type("nginx")
        assert set(monitor.shown_pids) == NGINX


@pytest.mark.parametrize("key", ["f3", "f4"])
async def test_keys_typed_before_the_prompt_is_drawn_go_to_it(key: str) -> None:
    async with running(size=SIZE) as monitor:
        monitor.app.post_message(events.Key(key, None))
        while monitor.app.controller.main.keys.display:  # noqa: ASYNC110 - no later than that
            await asyncio.sleep(0)
        # As commands, these would leave the program or sort.
        await monitor.type("qM")
        assert monitor.app.is_running
        assert monitor.app.controller.main.query_one(PromptBar).input.value == "qM"
        await monitor.press("enter")
        assert monitor.app.focused is monitor.table
        assert monitor.app.session.choices.view.sort.id == "cpu_pct"


async def test_letters_and_digits_go_to_the_prompt_and_do_nothing_else() -> None:
    async with running(size=SIZE) as monitor:
        await monitor.press("f3")
        await monitor.type("qMIt12%#Z")
        assert monitor.app.session.choices.search_text == "qMIt12%#Z"
        assert monitor.app.session.choices.view.sort.id == "cpu_pct"
        assert not monitor.app.session.choices.paused
        assert "PID 12" not in monitor.text


@pytest.mark.parametrize(
    ("typed", "shown"), [("2.5", "2.5 s"), ("500ms", "0.5 s"), ("2m", "120 s")]
)
async def test_the_interval_can_be_typed(typed: str, shown: str) -> None:
    async with running(size=SIZE) as monitor:
        await monitor.press("d", "ctrl+u")
        await monitor.type(typed)
        await monitor.press("enter")
        assert not is_asking(monitor)
        assert f"every {shown}" in monitor.text


@pytest.mark.parametrize("typed", ["abc", "", "0", "-1", "1h", "1e9", "nan"])
async def test_a_bad_interval_is_refused_and_can_be_mended(typed: str) -> None:
    async with running(size=SIZE) as monitor:
        await monitor.press("d", "ctrl+u")
        await monitor.type(typed)
        await monitor.press("enter")
        assert is_asking(monitor)
        assert "a duration" in monitor.text or "out of range" in monitor.text
        assert monitor.app.session.choices.interval_s == 1.0
        # What is typed stays in sight below the message.
        assert monitor.lines[-1].startswith(f" Interval {typed}")
        await monitor.press("ctrl+u", "3", "enter")
        assert not is_asking(monitor)
        assert monitor.app.session.choices.interval_s == 3.0


async def test_themes_are_seen_before_they_are_taken() -> None:
    async with running(size=SIZE) as monitor:
        app = monitor.app
        await monitor.press("ctrl+t")
        assert isinstance(app.screen, ChooseScreen)
        offered = themes.names([folder("themes")])
        for name in offered:
            assert name in monitor.text
        await monitor.press("end")
        assert app.theme == offered[-1] != themes.DEFAULT
        await monitor.press("escape")
        assert app.theme == themes.DEFAULT
        await monitor.press("ctrl+t", "end", "enter")
        assert app.theme == offered[-1]
        assert monitor.is_alone
        await monitor.press("ctrl+t", "home", "escape")
        assert app.theme == offered[-1]


async def test_the_table_wears_the_theme_at_once() -> None:
    async with running(make_app(theme="montauk-dark"), SIZE) as monitor:
        dark = [str(segment.style) for segment in monitor.table.render_line(3)]
        await monitor.press("ctrl+t", "end", "enter")
        assert [str(segment.style) for segment in monitor.table.render_line(3)] != dark


async def test_a_broken_theme_is_told_of_and_the_others_are_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    own = tmp_path / "montauk" / "themes"
    own.mkdir(parents=True)
    (own / "mine.toml").write_text("[styles]\ntitle = 3\n")
    async with running(size=SIZE) as monitor:
        await monitor.press("ctrl+t")
        assert isinstance(monitor.app.screen, ChooseScreen)
        assert "mine.toml" in monitor.text
        await monitor.press("enter")
        assert monitor.app.theme == themes.DEFAULT


async def test_the_list_of_columns_says_what_the_chosen_one_costs_and_needs() -> None:
    async with running(size=(80, 24)) as monitor:
        await monitor.press("f6", "home")

        def said() -> str:
            return str(monitor.app.screen.query_one("#choice-note", Static).content)

        assert said() == ""
        pss = COLUMNS["pss_bytes"]
        assert "process id (thread" in monitor.text
        shown = map(id_of, monitor.app.session.choices.shown_columns)
        listed = [*dict.fromkeys((*shown, *COLUMNS))]
        listed.remove("ncpu_pct")
        await monitor.press(*["down"] * listed.index("pss_bytes"))
        assert f"costs {pss.cost}" in monitor.text
        assert f"needs {pss.privilege}" in monitor.text
        await monitor.press("end")
        assert said() == ""
        assert COLUMNS[listed[-1]].description in monitor.text


async def test_a_list_without_notes_has_no_place_for_them() -> None:
    async with running(size=SIZE) as monitor:
        await monitor.press("ctrl+t")
        assert not monitor.app.screen.query("#choice-note")
