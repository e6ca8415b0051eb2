"""Themes: what ships loads, the user's come first, and what is wrong is named."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from rich.style import Style

from montauk_tui import config
from montauk_tui.errors import LONGEST_LINE, UsageError
from montauk_tui.resources import folder
from montauk_tui.ui import themes
from montauk_tui.ui.driver import TerminalDriver
from montauk_tui.ui.terminal.abilities import Abilities
from montauk_tui.ui.themes import ROLES, SURFACES, ThemeError
from tests.support.contrast import contrast, pairs, rgb
from tests.support.monitor import make_app, running

SHIPPED: Final = themes.names([folder("themes")])

GOOD: Final = """\
description = "Mine"
dark = false

[surface]
background = "#ffffff"
panel = "#eeeeee"
foreground = "#111111"
accent = "#0000ff"

[styles]
title = "bold #ff0000"
"""

Write = Callable[[str, str], Path]


@pytest.fixture
def own(tmp_path: Path) -> Write:
    """Write a theme into a folder of the user's own; return the folder."""

    def write(name: str, text: str) -> Path:
        (tmp_path / f"{name}.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
        return tmp_path

    return write


def refusal(name: str, *folders: Path) -> str:
    """Return the one line that says why a theme cannot be had."""
    with pytest.raises(ThemeError) as caught:
        themes.load(name, folders)
    assert isinstance(caught.value, UsageError)
    line = str(caught.value)
    assert "\n" not in line
    assert caught.value.remedy
    return line


def test_the_shipped_ones_are_there_the_default_first() -> None:
    assert SHIPPED[0] == themes.DEFAULT
    assert {themes.MONOCHROME, "montauk-light", "high-contrast"} <= set(SHIPPED)
    assert SHIPPED[1:] == sorted(SHIPPED[1:])


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_theme_gives_every_role_a_style(name: str) -> None:
    theme = themes.load(name, [folder("themes")])
    assert theme.name == name
    assert theme.description
    assert set(theme.styles) == set(ROLES)
    assert set(theme.surface) == set(SURFACES)
    for role in ("selected", "match", "alert", "header_sort", "hot"):
        assert theme.style(role) != Style.null(), role
    text = (folder("themes") / f"{name}.toml").read_text("utf-8")
    for role in ROLES:
        assert f"\n{role} = " in text, role
    assert theme.to_textual().dark is theme.dark


@pytest.mark.parametrize("name", SHIPPED)
def test_what_must_stand_out_differs_from_what_is_around_it(name: str) -> None:
    style = themes.load(name, [folder("themes")]).style
    assert style("selected") != Style.null()
    assert style("header") != style("header_sort")
    assert style("match") not in (style("name"), style("arguments"))
    assert style("key") != style("key_label")


_LEAST: Final = {
    "tree": 2.4, "faint": 3.0, "bar_user": 3.0, "bar_nice": 3.0, "bar_system": 3.0,
    "bar_irq": 3.0, "bar_steal": 3.0, "mem_used": 3.0, "mem_buffers": 3.0,
    "mem_cache": 3.0, "swap_used": 3.0,
}  # fmt: skip
"""Contrast with the background; text has 4.5 to 1 (WCAG 2, 1.4.3)."""


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", [n for n in SHIPPED if n != themes.MONOCHROME])
def test_every_role_can_be_read(name: str, role: str) -> None:
    for text, behind in pairs(themes.load(name, [folder("themes")]), role):
        assert contrast(text, behind) >= _LEAST.get(role, 4.5)


@pytest.mark.parametrize("name", [n for n in SHIPPED if n != themes.MONOCHROME])
def test_text_and_accent_can_be_read_on_both_surfaces(name: str) -> None:
    surface = themes.load(name, [folder("themes")]).surface
    for behind in (surface["background"], surface["panel"]):
        for text in (surface["foreground"], surface["accent"]):
            assert contrast(rgb(text), rgb(behind)) >= 4.5


def test_monochrome_names_no_colour() -> None:
    theme = themes.load(themes.MONOCHROME, [folder("themes")])
    for role, style in theme.styles.items():
        assert style.color is None, role
        assert style.bgcolor is None, role


def test_only_the_selection_is_reversed_in_monochrome() -> None:
    theme = themes.load(themes.MONOCHROME, [folder("themes")])
    assert [role for role, style in theme.styles.items() if style.reverse] == [
        "selected"
    ]


@pytest.mark.parametrize("name", SHIPPED)
async def test_a_shipped_theme_is_worn(name: str) -> None:
    async with running(make_app(theme=name), (120, 30)) as monitor:
        assert "4131" in monitor.table.render_line(0).text
        await monitor.press("f1", "escape", "f6", "escape", "f4", "escape", "t", "Z")


def test_a_role_that_is_left_out_is_drawn_plainly(own: Write) -> None:
    theme = themes.load("mine", [own("mine", GOOD)])
    assert theme.style("title") == Style.parse("bold #ff0000")
    assert theme.style("hot") == Style.null()
    assert not theme.dark


def test_the_users_own_come_before_the_shipped(own: Write) -> None:
    user = own("montauk-dark", GOOD)
    both = [user, folder("themes")]
    assert themes.load("montauk-dark", both).description == "Mine"
    assert themes.load("montauk-light", both).description != "Mine"
    assert themes.names(both) == SHIPPED


def test_the_users_own_lie_beside_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert themes.folders() == [tmp_path / "montauk" / "themes", folder("themes")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('stiles = "x"\n' + GOOD, ("unknown key 'stiles'", "did you mean 'styles'?")),
        ('shape = "x"\n' + GOOD, ("unknown key 'shape'", "surface, styles")),
        ("x = " + "1" * 5_000, ("cannot be read",)),
        ("x = " + "[" * 5_000, ("cannot be read",)),
        ("[surface", ("cannot be read", "fix or remove")),
        ("\udcff", ("cannot be read", "fix or remove")),
        ("", ("[surface] is missing background, panel, foreground, accent", "#12161c")),
        (
            GOOD.replace('panel = "#eeeeee"\n', ""),
            ("[surface] is missing panel", "colour"),
        ),
        (GOOD.replace("#eeeeee", "greenish"), ("panel", "'greenish'", "#12161c")),
        (GOOD.replace("bold #ff0000", "shiny"), ("title", "'shiny'", "bold #ff7b72")),
        (
            GOOD.replace("title", "titel"),
            ("unknown key 'titel'", "[styles]", "mean 'title'?"),
        ),
        (GOOD.replace("accent", "accnt"), ("unknown key 'accnt'", "[surface]")),
        (GOOD.replace('"bold #ff0000"', "3"), ("title is not text", "quotes")),
        ("surface = 1\n", ("surface is not a table", "[surface]")),
        ("styles = []\n" + GOOD.split("[styles]")[0], ("styles is not a table",)),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line_with_file_key_and_remedy(
    text: str, words: tuple[str, ...], own: Write
) -> None:
    user = own("mine", text)
    line = refusal("mine", user)
    for word in (str(user / "mine.toml"), *words):
        assert word in line


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("bold #ff0000", "bold \x1b[31m".replace("\x1b", "\\u001b")),
        GOOD.replace("title", '"ti\\u001b[2Jtle"'),
        GOOD.replace("#eeeeee", "\\u001b]52;c;aGk=\\u0007"),
    ],
)
def test_a_refusal_carries_no_control_character(text: str, own: Write) -> None:
    assert refusal("mine", own("mine", text)).isprintable()


def test_a_description_carries_no_control_character(own: Write) -> None:
    text = GOOD.replace('"Mine"', '"Mine\\u001b[2J\\u202e"')
    assert themes.load("mine", [own("mine", text)]).description.isprintable()


@pytest.mark.parametrize(
    "name",
    [
        "no-such-theme", "", ".", "..", "../mine", "../../etc/passwd", "/etc/passwd",
        "*", "mine.toml", "montauk-dark\0", "\x1b[31m", "x" * 5_000, "\udcff",
        "sub/theme", "MONTAUK-DARK",
    ],
)  # fmt: skip
def test_a_name_that_is_none_is_refused_with_a_list_of_those_that_are(
    name: str, own: Write, tmp_path: Path
) -> None:
    user = tmp_path / "themes"
    (user / "sub").mkdir(parents=True)
    (user / "sub" / "theme.toml").write_text(GOOD)
    own("mine", GOOD)
    line = refusal(name, user, folder("themes"))
    assert "unknown theme" in line
    like = name.lower().startswith("montauk-dark")
    listed = "did you mean 'montauk-dark'?" if like else "montauk-dark, colour-blind"
    assert listed in line
    assert line.isprintable()


def test_a_long_path_or_name_is_told_by_its_start_and_its_end(tmp_path: Path) -> None:
    assert len(refusal("x" * 5_000, tmp_path, folder("themes"))) < LONGEST_LINE
    place = tmp_path.joinpath(*["y" * 200] * 10)
    place.mkdir(parents=True)
    (place / "mine.toml").write_text("no theme")
    line = refusal("mine", place)
    assert line.startswith(str(tmp_path))
    assert "y...y" in line
    assert "/mine.toml: cannot be read" in line
    assert len(line) < LONGEST_LINE


def test_a_folder_that_does_not_exist_has_no_themes(tmp_path: Path) -> None:
    assert themes.names([tmp_path / "none"]) == []


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").mkdir()
    assert "cannot be read" in refusal("mine", tmp_path)


# --- as root --------------------------------------------------------------------------

ROOT: Final = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
NOBODY: Final = 65534


@pytest.mark.privileged
@ROOT
@pytest.mark.parametrize("place", [".", "mine.toml"])
def test_root_wears_no_theme_of_others(
    place: str, own: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder_ = own("mine", GOOD)
    os.chown(folder_ / place, NOBODY, NOBODY)
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", None)
        line = refusal("mine", folder_)
    assert f"belongs to user {NOBODY}, and montauk runs as root; let root" in line
    # With sudo -E it is the file of who called.
    with monkeypatch.context() as patch:
        patch.setenv("SUDO_UID", str(NOBODY))
        assert themes.load("mine", [folder_]).description == "Mine"
    monkeypatch.setattr(os, "geteuid", lambda: NOBODY)
    assert themes.load("mine", [folder_]).description == "Mine"


@pytest.mark.privileged
@ROOT
def test_the_shipped_themes_are_the_programs_own(
    own: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may run the checkout of somebody whom it trusts with the code as well."""
    place = own("mine", GOOD)
    os.chown(place, NOBODY, NOBODY)
    monkeypatch.setattr(themes, "folder", lambda _: place)
    assert themes.load("mine", themes.shipped()).description == "Mine"


def test_a_default_that_is_wrong_gives_way_to_the_shipped_one(
    own: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = own(themes.DEFAULT, "no theme")
    monkeypatch.setattr(config, "user_themes", lambda: place)
    theme, said = themes.load_or_default(themes.DEFAULT)
    assert theme == themes.load(themes.DEFAULT, themes.shipped())
    assert "cannot be read" in said
    assert said.endswith(f"using {themes.DEFAULT}")


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("colors", [8, 16, 88])
def test_with_few_colours_the_selected_row_is_reversed(name: str, colors: int) -> None:
    theme = themes.load(name, themes.shipped())
    few = theme.limited_to(colors)
    assert few.style("selected") == Style(reverse=True)
    assert {role for role in ROLES if few.style(role) != theme.style(role)} <= {
        "selected", "header", "key",
    }  # fmt: skip
    assert theme.limited_to(256) is theme


async def test_a_terminal_of_few_colours_gets_the_reversed_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(TerminalDriver, "abilities", Abilities(colors=16))
    async with running() as monitor:
        style = monitor.app.controller.theme.style("selected")
        assert style == Style(reverse=True)
