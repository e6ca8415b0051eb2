"""The panel beside the table tells about the selected row."""

from typing import Any

import numpy as np
import pytest

from montauk_tui.config import Settings
from montauk_tui.engine.columns.cells import Level
from montauk_tui.engine.summary.items import Entry, Fact, Graph, Listing, Summary
from montauk_tui.model.lookups import command_from_cmdline
from montauk_tui.model.text import cell_width, clean
from montauk_tui.resources import folder
from montauk_tui.ui import themes
from montauk_tui.ui.widgets.lines import line_width
from montauk_tui.ui.widgets.panel import MadeLines, PanelStyle, draw_panel
from tests.support.churn import churning_collector
from tests.support.monitor import Monitor, changed, make_app, running
from tests.support.scenes import scene_collector

WIDE = (160, 40)


def panel(monitor: Monitor) -> list[str]:
    """Return the lines of the panel without the rule at its left; none if hidden."""
    widget = monitor.app.controller.main.panel
    if not widget.display:
        return []
    lines = [widget.render_line(y).text for y in range(widget.size.height)]
    return [line[2:].rstrip() for line in lines]


def text(monitor: Monitor) -> str:
    return "\n".join(panel(monitor))


def wide(size: tuple[int, int] = WIDE, **settings: Any) -> Any:
    return running(make_app(scene_collector(), Settings(**settings)), size)


# --- where it is ----------------------------------------------------------------------


async def test_only_a_terminal_with_room_has_it() -> None:
    async with wide((149, 40)) as monitor:
        table = monitor.table
        for (width, height), shown in {
            (149, 40): 0, (150, 40): 44, (200, 50): 56, (300, 16): 56, (300, 15): 0,
            (160, 12): 0, (200, 10): 0, (160, 40): 44,
        }.items():  # fmt: skip
            await monitor.resize(width, height)
            lines = panel(monitor)
            assert table.size.width == width - shown
            assert bool(lines) == bool(shown)
            assert (
                len(monitor.app.controller.main.header.render_line(0).text)
                == table.size.width
            )
            if lines:
                assert lines[0] == "cc1plus 4131"
                assert len(lines) == table.size.height + 1


async def test_a_key_hides_it_and_brings_it_back() -> None:
    async with wide() as monitor:
        header = monitor.app.controller.main.header
        for _ in range(2):
            await monitor.press("v")
            assert panel(monitor) == []
            assert monitor.table.size.width == 160
            # The ground of the titles goes on to the edge.
            assert header._lines[0][-1][0].isspace()  # noqa: SLF001
            assert line_width(header._lines[0]) == 160  # noqa: SLF001
            await monitor.press("v")
            assert panel(monitor)[0] == "cc1plus 4131"
            assert monitor.table.size.width == 116


async def test_a_setting_hides_it_at_the_start() -> None:
    async with wide(panel=False) as monitor:
        assert panel(monitor) == []
        assert monitor.table.size.width == 160
        await monitor.press("v")
        assert panel(monitor)


async def test_the_table_scrolls_sideways_within_its_own_width() -> None:
    async with wide(filter="postgresql.conf") as monitor:
        before = text(monitor)
        await monitor.press("ctrl+e")
        line = monitor.table.render_line(0).text
        assert line.rstrip().endswith("postgresql.conf")
        assert len(line) == 116
        assert text(monitor) == before


async def test_a_prompt_and_the_mouse_work_beside_it() -> None:
    async with wide() as monitor:
        await monitor.press("f4")
        await monitor.type("jupyter")
        assert panel(monitor)[0] == "python3 4302"
        await monitor.press("escape")
        await monitor.click("#table", 100, 3)
        assert panel(monitor)[0].endswith(f" {monitor.current_pid}")
        await monitor.click("#panel", 10, 3)
        assert panel(monitor)[0].endswith(f" {monitor.current_pid}")


# --- what it tells --------------------------------------------------------------------


async def test_it_follows_the_selection() -> None:
    async with wide() as monitor:
        for _ in range(5):
            await monitor.press("down")
            assert panel(monitor)[0].endswith(f" {monitor.current_pid}")
        await monitor.press("home")
        assert panel(monitor)[0] == "cc1plus 4131"
        await monitor.press("end")
        assert panel(monitor)[0].endswith(f" {monitor.current_pid}")


async def test_it_tells_what_a_new_frame_says() -> None:
    async with wide() as monitor:
        await monitor.type("4302")
        assert "sleeping" in text(monitor)
        await monitor.draw(changed(monitor.frame, 4302, state=ord("T")))
        assert "stopped" in text(monitor)


async def test_the_history_is_there_with_the_first_look() -> None:
    async with wide() as monitor:
        for _ in range(5):
            await monitor.sample()
        await monitor.press("down", "down")
        lines = panel(monitor)
        at = next(at for at, line in enumerate(lines) if line.startswith("Memory"))
        # The minute has the whole width: 7 of 60 intervals are 4 of 35 cells.
        scale, drawn = lines[at + 1].split("│")
        assert (scale.strip(), len(drawn), len(drawn.strip())) == ("512M", 35, 4)
        axis = next(line for line in lines[at:] if "└" in line)
        assert axis.strip().startswith("0└─ 60 s ago ──")
        assert axis.endswith("── now ─")
        assert len(monitor.frame.history.intervals) == 7


async def test_the_scale_of_cpu_use_is_that_of_the_table() -> None:
    async with wide() as monitor:
        (before,) = (line for line in panel(monitor) if line.startswith("CPU%"))
        await monitor.press("%")
        (after,) = (line for line in panel(monitor) if line.startswith("CPU%"))
        assert before.split()[1] == "99.2"
        assert after.split()[1] == "12.4"


async def test_a_row_of_many_and_those_it_holds() -> None:
    app = make_app(churning_collector(), Settings(filter="awk"))
    async with running(app, WIDE) as monitor:
        await monitor.sample()
        lines = panel(monitor)
        assert lines[0] == "awk 48 processes"
        assert lines[1] == "exited in the last 2 s, 6 failed"
        assert "bash 2162" in text(monitor)
        await monitor.press("enter", "down")
        assert "exited with" in panel(monitor)[1]


async def test_the_other_tabs_tell_of_the_process_behind_a_row() -> None:
    async with running(make_app(churning_collector()), WIDE) as monitor:
        await monitor.press("tab", "tab", "down")
        assert "exited" in panel(monitor)[1]
        assert "Parents" in text(monitor)
        await monitor.press("tab")
        assert "Forks" in text(monitor)
        await monitor.press("g")
        assert "exited in the last seconds" in text(monitor)
        await monitor.press("tab", "down")
        assert "exited" in panel(monitor)[1]


async def test_without_a_row_it_is_empty() -> None:
    async with wide(filter="no such command") as monitor:
        assert set(panel(monitor)) == {""}
        await monitor.press("down", "v", "v")
        assert set(panel(monitor)) == {""}


@pytest.mark.parametrize("signs", ["ascii", "any"])
async def test_hostile_names_neither_break_out_nor_move_the_table(signs: str) -> None:
    ascii_only = signs == "ascii"
    async with wide(filter="pid >= 5001 and pid <= 5006", ascii=ascii_only) as monitor:
        for _ in range(6):
            widget = monitor.app.controller.main.panel
            for y in range(widget.size.height):
                line = widget.render_line(y).text
                assert cell_width(line) == widget.size.width
                assert clean(line.encode()) == line
            await monitor.press("down")


async def test_nothing_but_ascii_where_that_is_wanted() -> None:
    async with wide(ascii=True) as monitor:
        await monitor.sample()
        assert text(monitor).isascii()
        assert monitor.app.controller.main.panel.render_line(3).text.startswith("| ")


# --- how it is drawn ------------------------------------------------------------------

LOOK = PanelStyle(
    themes.load(themes.DEFAULT, [folder("themes")]), ascii=False, width=44, height=40
)


def some(**values: Any) -> Summary:
    points = np.array([np.nan, 0.0, 50.0, 100.0])
    graph = Graph(
        "CPU%", "100.0", "peak 100.0", points, 100.0, "100", "60 s ago", "now", "cpu"
    )
    usual = Summary("name", "7", "said", Level.PLAIN, None, ((graph,),))
    return usual._replace(**values)


def drawn(summary: Summary, look: PanelStyle = LOOK) -> list[str]:
    return ["".join(part for part, _ in line) for line in draw_panel(summary, look)]


def test_a_graph_has_a_space_where_nothing_is_known_and_a_cell_for_zero() -> None:
    lines = [line[2:] for line in drawn(some(), LOOK._replace(height=6))]
    at = next(at for at, line in enumerate(lines) if line.startswith("CPU%"))
    assert lines[at].endswith("peak 100.0, of 100")
    top, bottom = lines[at + 1 : at + 3]
    # A quarter of the width, 10 cells and a bit, for each of the four points.
    assert [top[at] for at in (5, 15, 25, 40)] == [" ", " ", " ", "⣿"]
    assert [bottom[at] for at in (5, 15, 25, 40)] == [" ", "⣀", "⣿", "⣿"]


def test_every_height_is_filled_and_no_line_is_too_long() -> None:
    command = command_from_cmdline(b"/usr/bin/" + b"long" * 90 + b"\0x" * 80)
    groups = tuple((Fact("Label", "word " * 60),) for _ in range(4))
    summary = some(command=command, groups=(*groups, *some().groups))
    for height in range(2, 60):
        lines = drawn(summary, LOOK._replace(height=height))
        assert len(lines) == height
        assert max(map(cell_width, lines)) <= LOOK.width
        assert lines[1][2:] == "said"


def test_what_is_cut_says_so_and_the_program_is_told_apart() -> None:
    text = "/opt/プロセス/名前 " + "引数" * 200
    command = command_from_cmdline(text.replace(" ", "\0", 1).encode())
    lines = draw_panel(some(command=command), LOOK)[2:8]
    runs = [run for line in lines for run in line[1:]]
    assert [part for part, style in runs if style == LOOK.theme.style("name")] == [
        "名前"
    ]
    shown = "".join(part for part, _ in runs)
    assert shown.endswith("+")
    assert text.replace(" ", "").startswith(shown[:-1].replace(" ", ""))
    assert all(line_width(line) <= LOOK.width for line in lines)


def test_a_name_gives_way_to_its_number() -> None:
    (title, *_) = drawn(some(name="名" * 40, number="4194304"))
    assert title.rstrip().endswith("+ 4194304")
    assert cell_width(title) == LOOK.width


def test_the_level_of_what_is_said_is_its_style_not_its_only_sign() -> None:
    (_, said, *_) = draw_panel(some(level=Level.HOT), LOOK)
    assert said[1] == ("said", LOOK.theme.style("hot"))
    assert drawn(some(level=Level.HOT)) == drawn(some())


def test_a_line_of_parents_ends_between_two_of_them_and_keeps_the_oldest() -> None:
    people = " < ".join(f"process {pid}" for pid in range(40, 10, -1)) + " < init 1"
    fact = Fact("Parents", people, joint=" < ")
    lines = [line[2:].strip() for line in drawn(some(groups=((fact,),)))]
    assert lines[3:7] == [
        "Parents   process 40 < process 39 <",
        "process 38 < process 37 <",
        "process 36 < process 35 <",
        "... < init 1",
    ]
    short = Fact("Parents", "bash 7 < init 1", joint=" < ")
    assert "bash 7 < init 1" in "".join(drawn(some(groups=((short,),))))


def test_only_what_changed_is_made_again() -> None:
    look = PanelStyle(
        themes.load(themes.DEFAULT, [folder("themes")]),
        ascii=False,
        width=50,
        height=40,
    )
    points = np.array([1.0, np.nan, 3.0])
    facts = (Fact("User", "root"), Fact("Nice", "0"))
    graph = Graph(
        "CPU%", "1.0", "peak 3.0", points, 10.0, "10", "60 s ago", "now", "cpu"
    )
    command = command_from_cmdline(b"sleep\x0060\x00")
    summary = Summary("sleep", "5", "sleeping", Level.PLAIN, command, ((graph,), facts))
    made = MadeLines()
    first = draw_panel(summary, look, made)
    # Title, state, command, graph and two facts.
    assert made.count == 6
    same = summary._replace(groups=((graph._replace(points=points.copy()),), facts))
    assert draw_panel(same, look, made) == first == draw_panel(summary, look)
    assert made.count == 6
    other = graph._replace(points=np.array([1.0, 3.0, 3.0]))
    nice = (facts[0], Fact("Nice", "5"))
    changed_one = summary._replace(groups=((other,), nice))
    assert draw_panel(changed_one, look, made) == draw_panel(changed_one, look)
    assert made.count == 8
    narrow = look._replace(width=44)
    assert draw_panel(changed_one, narrow, made) == draw_panel(changed_one, narrow)
    assert made.count == 14


# --- lists ----------------------------------------------------------------------------


def listing(label: str, count: int, total: int) -> Listing:
    """Return a list of `count` processes of `total`; those of Exited have exited."""
    entries = (
        Entry("[exit 1, 0.2s]", "", "gcc", f" -c {at}.c", Level.WARM)
        if label == "Exited"
        else Entry(f"{99 - at}.0", str(at), "cc1plus", " -O2 " + "x" * 60, Level.PLAIN)
        for at in range(count)
    )
    return Listing((Fact(label, str(total)),), tuple(entries), total)


def test_lists_take_the_room_that_is_left_and_count_the_rest() -> None:
    lists = (listing("Children", 20, 90), listing("Exited", 20, 400))
    lines = [line[2:].rstrip() for line in drawn(some(lists=lists))]
    assert len(lines) == LOOK.height
    shown = sum(line.startswith("[exit 1") for line in lines)
    assert lines[-1] == f"          and {400 - shown} more"
    at = lines.index("Children  90")
    assert lines[at + 1].startswith("    99.0  0 cc1plus -O2 xxx")
    assert lines[at + 1].endswith("x+")
    end = lines.index("Exited    400")
    assert lines[end - 2] == f"          and {90 - (end - at - 3)} more"
    assert lines[end + 1] == "[exit 1, 0.2s] gcc -c 0.c"
    # Both have as many lines; a short one leaves its lines to the other.
    assert abs((end - at - 3) - shown) <= 1
    lists = (listing("Children", 1, 1), lists[1])
    lines = [line[2:].rstrip() for line in drawn(some(lists=lists))]
    assert lines[lines.index("Children  1") + 3] == "Exited    400"
    assert "          and 380 more" in lines


@pytest.mark.parametrize("height", range(2, 60))
def test_lists_keep_to_every_height(height: int) -> None:
    lists = (listing("Children", 9, 9), listing("Exited", 24, 400))
    summary = some(lists=lists, groups=((Fact("Label", "word " * 9),), *some().groups))
    lines = drawn(summary, LOOK._replace(height=height))
    assert len(lines) == height
    assert max(map(cell_width, lines)) <= LOOK.width


def test_only_entries_that_changed_are_made_again() -> None:
    made = MadeLines()
    summary = some(lists=(listing("Exited", 5, 5),))
    draw_panel(summary, LOOK, made)
    before = made.count
    (one,) = summary.lists
    new = one.entries[0]._replace(arguments=" -c new.c")
    later = one._replace(entries=(new, *one.entries[:-1]))
    draw_panel(summary._replace(lists=(later,)), LOOK, made)
    assert made.count == before + 1


def test_a_graph_has_a_scale_and_a_time_axis_where_it_is_high_enough() -> None:
    lines = [line[2:].rstrip() for line in drawn(some())]
    at = next(at for at, line in enumerate(lines) if line.startswith("CPU%"))
    assert lines[at].endswith("peak 100.0")
    assert lines[at + 1].startswith("  100│")
    assert {line[:6] for line in lines[at + 2 : at + 7]} == {"     │"}
    assert lines[at + 7] == "    0└─ 60 s ago ────────────────── now ─"
    assert len(lines[at + 7]) == LOOK.inner
