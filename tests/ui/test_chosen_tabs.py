"""Tabs of the user's own, and other columns and orders for those of the program."""

from montauk_tui.config import Settings, TabSettings
from montauk_tui.session import tabs
from montauk_tui.ui.app import validate
from tests.support.builders import FakeLookups
from tests.support.churn import churning_collector
from tests.support.monitor import Monitor, make_app, running

WEB = TabSettings(
    "Web", columns=("pid", "user:14", "command"), sort="pid", filter="nginx"
)


def titles(monitor: Monitor) -> str:
    return monitor.app.controller.main.view_line.render_line(0).text.partition(
        "  shown"
    )[0]


def header(monitor: Monitor) -> list[str]:
    return monitor.app.controller.main.header.render_line(0).text.split()


def test_a_mistake_names_the_file() -> None:
    (line,) = validate(Settings(tab_order=("mian",)))
    assert line.endswith(tabs.validate(Settings(tab_order=("mian",)))[0])
    assert "config.toml: " in line


async def test_a_further_tab_has_its_columns_its_order_and_its_filter() -> None:
    async with running(make_app(settings=Settings(tabs=(WEB,)))) as monitor:
        everything = set(monitor.shown_pids)
        assert "[Main] I/O  Exited  Spawners  Groups  Events  Web" in titles(monitor)
        await monitor.press("shift+tab")
        assert "[Web]" in titles(monitor)
        assert header(monitor) == ["PID▲", "USER", "Command"]
        shown = monitor.shown_pids
        assert set(shown) < everything
        assert shown == sorted(shown)
        rows = [monitor.table.render_line(y).text for y in range(len(shown))]
        assert all("nginx" in row for row in rows)
        await monitor.press("f4")
        await monitor.type("master")
        await monitor.press("enter")
        assert 0 < len(monitor.shown_pids) < len(shown), "both filters count"


async def test_a_wider_column_moves_those_behind_it() -> None:
    async with running(make_app(settings=Settings(tabs=(WEB,)))) as monitor:
        await monitor.press("shift+tab")
        line = monitor.app.controller.main.header.render_line(0).text
        row = monitor.table.render_line(0).text
        assert line.index("Command") - line.index("USER") == 15
        assert row.index("nginx:") == line.index("Command")


async def test_a_further_tab_may_be_a_tree_beside_the_list_of_main() -> None:
    build = TabSettings("Build", tree=True, filter="make|cc1")
    settings = Settings(tabs=(build,), tab_order=("build", "main"))
    async with running(make_app(settings=settings)) as monitor:
        assert "[Main]" in titles(monitor)
        assert "─" not in monitor.table.render_line(1).text
        await monitor.press("shift+tab")
        assert "[Build]" in titles(monitor)
        assert "tree by START" in monitor.text
        assert "└─" in monitor.text
        await monitor.press("t")
        assert "└─" not in monitor.text
        await monitor.press("tab", "t", "tab")
        assert not monitor.app.session.choices.in_tree


async def test_a_tab_of_the_program_takes_other_columns_and_another_order() -> None:
    chosen = TabSettings("Exited", columns=("pid", "lifetime_s"), sort="lifetime_s")
    app = make_app(churning_collector(), Settings(tabs=(chosen,)))
    async with running(app, (120, 40)) as monitor:
        await monitor.press("tab", "tab")
        assert "[Exited]" in titles(monitor)
        assert header(monitor) == ["PID", "LIFE▼"]


async def test_a_tab_that_is_not_shown_is_found_by_the_key_that_leads_there() -> None:
    app = make_app(churning_collector(), Settings(tab_order=("main", "events")))
    async with running(app, (120, 40)) as monitor:
        assert "[Main] Events" in titles(monitor)
        await monitor.press("S")
        assert "Main  Events [Spawners]" in titles(monitor)
        await monitor.press("tab")
        assert "[Main] Events" in titles(monitor)


async def test_further_tabs_of_spawners_are_grouped_where_they_are() -> None:
    settings = Settings(tabs=(TabSettings("Who", rows="spawners"),))
    app = make_app(churning_collector(), settings)
    async with running(app, (120, 40)) as monitor:
        await monitor.press("shift+tab", "g")
        assert "[Who]" in titles(monitor)
        assert "by executable" in monitor.text


async def test_a_tab_with_a_strange_name_can_be_clicked() -> None:
    settings = Settings(tabs=(TabSettings("it's [/b] 'x'"),))
    async with running(make_app(settings=settings), (120, 40)) as monitor:
        line = monitor.app.controller.main.view_line.render_line(0).text
        await monitor.click("#view", line.index("it's") + 1)
        assert "[it's [/b] 'x']" in titles(monitor)


async def test_the_filter_of_a_tab_says_what_it_cannot_see_whole() -> None:
    async with running(make_app(settings=Settings(tabs=(WEB,)))) as monitor:
        lookups, table = monitor.frame.lookups, monitor.frame.sample.processes
        assert isinstance(lookups, FakeLookups)
        lookups.cut_commands = frozenset(map(table.identity, range(len(table))))
        assert " cut)" not in titles(monitor), "nothing is filtered"
        await monitor.press("shift+tab")
        assert f"[Web] ({len(table)} cut)" in titles(monitor)
        await monitor.press("tab", "f4")
        await monitor.type("x")
        assert f"filter x ({len(table)} cut)" in titles(monitor)
