"""Nothing a process can call itself changes the screen around it."""

import unicodedata
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style
from textual.strip import Strip

from montauk_tui.config import Settings
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.resources import folder
from montauk_tui.ui import themes
from montauk_tui.ui.widgets.columns import Layout, RowStyle, fit_columns
from montauk_tui.ui.widgets.lines import to_strip
from montauk_tui.ui.widgets.process_row import draw_row
from tests.support.builders import FakeLookups, make_frame, make_sample
from tests.support.monitor import Monitor, make_app, running
from tests.support.replay import ReplayCollector

NAMES: Final = (
    b"[/foo]",
    b"[@click=app.quit]x",
    b"[bold red]",
    b"[",
    b"\\[red]\\",
    b"\x1b]52;c;aGk=\x07",
    b"\x1b[2J\x1b[H",
    b"\x9b31m",
    "\u009b31m\u0085\u009d".encode(),
    b"a\nb\tc\rd\x0b\x0c\x08e",
    b"\x00nul",
    b"\xff\xfe\xc3(\xed\xa0\x80",
    "a\u0301\u0302 \u20dd".encode(),
    "日本語プロセス".encode(),
    "\u202egnp.exe\u2066\u2069\u200e".encode(),
    "\u200b\u200d\ufeff\u00ad\u2060".encode(),
    "\u115f\u3164\u2800".encode(),
    "👩‍👩‍👧 🏳️‍🌈 👍🏽 🇩🇪".encode(),
    "\U000e0041\ufe0f\U000f0000".encode(),
    b"x" * 4_096,
    "語".encode() * 1_000,
    b"",
    b" ",
)
"""Each is the name of a process, and its argument vector."""

WIDTHS: Final = (100, 37, 61)


def hostile_collector() -> ReplayCollector:
    """Return a collector of processes that are called what no process should be."""
    rows = [
        {"pid": 100 + at, "comm": name[:15], "utime": 10, "uid": at}
        for at, name in enumerate(NAMES)
    ]
    # As in `lookups.users`: a name is sanitised where it is read.
    cmdlines = {100 + at: name + b"\0--option\0" for at, name in enumerate(NAMES)}
    samples = [make_sample(rows, after_s=after_s) for after_s in (0.0, 1.0)]
    return ReplayCollector(samples, FakeLookups(cmdlines))


def is_harmless(char: str) -> bool:
    """Tell whether a character is visible, stands alone and has no power."""
    return char == " " or (
        char.isprintable() and unicodedata.category(char)[0] in "LNPS"
    )


def check(strip: Strip, width: int) -> None:
    """Check that a line is as wide as it should be, of harmless characters alone."""
    assert all(map(is_harmless, strip.text)), ascii(strip.text)
    assert strip.cell_length == width
    # Counted anew by Textual, not what the strip was told.
    assert Strip(list(strip)).cell_length == width
    for segment in strip:
        assert segment.control is None
        assert segment.style is None or not segment.style.meta
        assert segment.style is None or segment.style.link is None


def check_rows(monitor: Monitor) -> None:
    for y in range(monitor.table.size.height):
        check(monitor.table.render_line(y), monitor.table.size.width)


@pytest.mark.parametrize("width", WIDTHS)
async def test_rows_of_hostile_names_are_harmless(width: int) -> None:
    columns = ("pid", "user", "comm", "cpu_pct", "command")
    app = make_app(hostile_collector(), Settings(sort="pid", columns=columns))
    async with running(app, (width, 60)) as monitor:
        assert len(monitor.shown_pids) == len(NAMES)
        check_rows(monitor)
        for key in ("right", "right", "ctrl+e", "ctrl+a", "t", "p", "end", "K", "H"):
            await monitor.press(key)
            check_rows(monitor)


async def test_markup_is_shown_as_it_is() -> None:
    app = make_app(hostile_collector(), Settings(sort="pid"))
    async with running(app, (120, 60)) as monitor:
        for literal in (
            "[/foo] --option", "[@click=app.quit]x --option", "[bold red] --option",
            r"\x1b]52;c;aGk=\x07 --option", r"\x9b31m --option", r"\u009b31m",
            r"a\nb\tc\rd\x0b\x0c\x08e", r"\u202egnp.exe", "日本語プロセス --option",
        ):  # fmt: skip
            assert literal in monitor.text
        # A click on the text that would quit selects its row.
        line = next(at for at, text in enumerate(monitor.lines) if "@click" in text)
        column = monitor.lines[line].index("app.quit")
        await monitor.pilot.click(offset=(column, line))
        await monitor.settle()
        assert monitor.app.is_running
        assert monitor.current_pid == 101


@pytest.mark.parametrize("at", range(len(NAMES)))
async def test_a_hostile_name_can_be_searched_for_and_filtered_by(at: int) -> None:
    name = NAMES[at].decode("utf-8", "replace")[:40]
    app = make_app(hostile_collector(), Settings(filter=name))
    async with running(app, (80, 24)) as monitor:
        for y in range(24):
            assert all(map(is_harmless, monitor.lines[y])), ascii(monitor.lines[y])
        await monitor.press("escape", "f3")
        await monitor.type("x")
        check_rows(monitor)


async def test_the_whole_screen_stays_harmless_under_everything_that_opens() -> None:
    app = make_app(hostile_collector(), Settings(sort="pid"))
    async with running(app, (100, 50)) as monitor:
        for opening in ("f1", "f6", "ctrl+t", "f3", "f4", "d"):
            await monitor.press(opening)
            for line in monitor.lines:
                assert all(map(is_harmless, line)), ascii(line)
            await monitor.press("escape")


LOOK: Final = RowStyle(
    themes.load(themes.DEFAULT, [folder("themes")]), ascii=False, paths=True, search="x"
)


@settings(max_examples=100)
@given(
    name=st.binary(max_size=16) | st.text(max_size=8).map(str.encode),
    cmdline=st.binary(max_size=80)
    | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")),
    width=st.integers(1, 120),
    skip=st.integers(0, 200),
)
def test_any_bytes_make_a_harmless_line_of_the_right_width(
    name: bytes, cmdline: bytes, width: int, skip: int
) -> None:
    rows = [{"pid": 7, "comm": name.replace(b"\0", b"")}]
    frame = make_frame(None, make_sample(rows), FakeLookups({7: cmdline}))
    wanted = tuple(COLUMNS[column] for column in ("pid", "comm", "command"))
    columns, widths = fit_columns(wanted, width, 5)
    line = draw_row(frame, 0, Layout(columns, widths, "pid", descending=False), LOOK)
    check(to_strip(line, width, Style.null(), skip), width)
