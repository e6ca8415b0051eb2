"""Themes: TOML files with a style for each role on the screen.

The file's name is the theme's name. The user's folder comes before the installed one.
A style is one of rich: `bold #ff7b72 on #12161c`, `dim`, `reverse`, `none`.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from rich.errors import StyleSyntaxError
from rich.style import Style
from textual.color import Color, ColorParseError
from textual.theme import Theme as TextualTheme

from montauk_tui import config, files
from montauk_tui.errors import UsageError, did_you_mean, followed
from montauk_tui.model.text import clean, clean_text, named, quoted
from montauk_tui.resources import folder
from montauk_tui.ui.terminal.palette import background_of_16

DEFAULT: Final = "montauk-dark"
MONOCHROME: Final = "monochrome"
"""The theme for NO_COLOR."""

_PARTS: Final = ("description", "dark", "surface", "styles")

SURFACES: Final = ("background", "panel", "foreground", "accent")

ROLES: Final = {
    "title": "program name, help headings",
    "label": "labels of values", "value": "values",
    "faint": "unimportant: zeros, idle processes, kernel threads",
    "notice": "notable", "warm": "high",
    "hot": "very high",
    "name": "program name in a command", "path": "its folder",
    "arguments": "its arguments", "thread": "thread name",
    "tree": "tree lines", "header": "column titles",
    "header_sort": "title of the sort column", "selected": "selected row",
    "match": "match of a search", "bracket": "brackets of a bar",
    "bar_user": "user time in a CPU bar", "bar_nice": "user time, nice above 0",
    "bar_system": "system time", "bar_irq": "interrupt time",
    "bar_steal": "time stolen by the hypervisor",
    "mem_used": "used memory", "mem_buffers": "buffers",
    "mem_cache": "cache", "swap_used": "used swap",
    "key": "key name", "key_label": "key label in the last line",
    "alert": "alerts, such as PAUSED",
}  # fmt: skip
"""The roles of a theme. A role that a theme omits is drawn plain."""


_ENOUGH_COLOURS: Final = 256
_BRIGHT: Final = 16
"""Without the bright eight, a bright background is drawn as a plain one."""


class ThemeError(UsageError):
    """A theme that does not exist, or a file that is not a theme."""


@dataclass(frozen=True, slots=True)
class Theme:
    """A loaded theme."""

    name: str
    description: str
    dark: bool
    surface: Mapping[str, str]
    styles: Mapping[str, Style]

    def style(self, role: str) -> Style:
        """Return the style of a role."""
        return self.styles[role]

    def limited_to(self, colors: int) -> "Theme":
        """Return this theme for a terminal of so many colours.

        A background of few colours is often that of the screen: the selected row is
        reversed instead, column titles are underlined, keys are bold.
        """
        if colors >= _ENOUGH_COLOURS:
            return self
        screen = _behind(Style.parse(f"on {self.surface['background']}"), colors)
        styles = {**self.styles, "selected": Style(reverse=True)}
        for role, bearer, sign in (
            ("header", "header", Style(underline=True)),
            ("key_label", "key", Style(bold=True)),
        ):
            if _behind(self.styles[role], colors) == screen:
                styles[bearer] += sign
        return replace(self, styles=styles)

    def to_textual(self) -> TextualTheme:
        """Return the colours that Textual's own widgets take."""
        surface = self.surface
        return TextualTheme(
            name=self.name,
            primary=surface["accent"],
            accent=surface["accent"],
            foreground=surface["foreground"],
            background=surface["background"],
            surface=surface["background"],
            panel=surface["panel"],
            warning=self._colour("warm"),
            error=self._colour("hot"),
            dark=self.dark,
        )

    def _colour(self, role: str) -> str:
        """Return the colour of a role, that of all text if it has none."""
        colour = self.styles[role].color
        name = colour and (colour.triplet.hex if colour.triplet else colour.name)
        return name or self.surface["foreground"]


def _behind(style: Style, colors: int) -> int | None:
    """Return the number of a background among few colours, None if there is none."""
    if style.bgcolor is None:
        return None
    return background_of_16(style.bgcolor.get_truecolor()) % min(colors or 1, _BRIGHT)


def folders() -> list[Path]:
    """Return the folders of themes, the user's first."""
    return [config.user_themes(), *shipped()]


def shipped() -> list[Path]:
    """Return the folders of the built-in themes."""
    return [folder("themes")]


def names(folders: Sequence[Path]) -> list[str]:
    """Return the names of all themes in `folders`, sorted, reading none."""
    found = {path.stem for folder in folders for path in folder.glob("*.toml")}
    return sorted(found, key=lambda name: (name != DEFAULT, name))


def load(name: str, folders: Sequence[Path]) -> Theme:
    """Return the theme called `name` from the first folder that has it.

    Raises:
        ThemeError: There is none, or its file is invalid; with the remedy.
    """
    for place in folders:
        path = place / f"{name}.toml"
        if name in names([place]):
            return _read(path)
    known = names(folders)
    raise ThemeError(
        f"unknown theme {quoted(name)}",
        did_you_mean(name, known) or f"choose one of: {', '.join(known)}",
    )


def load_or_default(name: str) -> tuple[Theme, str]:
    """Return a theme, or the default and why the theme cannot be used."""
    try:
        return load(name, folders()), ""
    except ThemeError as error:
        # A custom theme with the default's name may be the invalid one.
        return load(DEFAULT, shipped()), followed(str(error), f"using {DEFAULT}")


def _read(path: Path) -> Theme:
    file = named(path)
    try:
        document = config.parse(_contents(path))
    except files.DistrustedError as error:
        reason = f"{file}: {clean_text(error.strerror)}"
        raise ThemeError(reason, "let root own it, or move it away") from error
    except (OSError, ValueError, RecursionError) as error:
        # tomllib raises more than its own error: see config.from_file.
        why = " ".join(str(getattr(error, "strerror", None) or error).split())
        reason = f"{file}: cannot be read: {clean_text(why)}"
        raise ThemeError(reason, "fix or remove the file") from error
    for key in document:
        if key not in _PARTS:
            reason = f"{file}: unknown key {quoted(key)}"
            remedy = did_you_mean(key, _PARTS) or f"use some of: {', '.join(_PARTS)}"
            raise ThemeError(reason, remedy)
    surface = _section(document, "surface", SURFACES, file)
    if missing := [key for key in SURFACES if key not in surface]:
        reason = f"{file}: [surface] is missing {', '.join(missing)}"
        raise ThemeError(reason, 'give each a colour such as "#12161c"')
    for key, value in surface.items():
        _check_colour(key, value, file)
    given = _section(document, "styles", ROLES, file)
    styles = dict.fromkeys(ROLES, Style.null())
    styles.update((role, _style(role, text, file)) for role, text in given.items())
    return Theme(
        name=path.stem,
        description=clean(str(document.get("description", "")).encode()),
        dark=_dark(document, file),
        surface=surface,
        styles=styles,
    )


def _contents(path: Path) -> bytes:
    """Return the contents of a theme file; built-in ones are trusted like code."""
    if path.parent in shipped():
        return files.read_regular(path).data
    return files.read_trusted(path, os.environ).data


def _dark(document: Mapping[str, Any], file: str) -> bool:
    dark = document.get("dark", True)
    if not isinstance(dark, bool):
        raise ThemeError(f"{file}: dark must be true or false", "use one of them")
    return dark


def _section(
    document: Mapping[str, Any], name: str, known: Collection[str], file: str
) -> dict[str, str]:
    section = document.get(name, {})
    if not isinstance(section, dict):
        raise ThemeError(f"{file}: {name} is not a table", f"write it as [{name}]")
    for key, value in section.items():
        if key not in known:
            reason = f"{file}: unknown key {quoted(key)} in [{name}]"
            remedy = did_you_mean(key, known) or f"use some of: {', '.join(known)}"
            raise ThemeError(reason, remedy)
        if not isinstance(value, str):
            raise ThemeError(f"{file}: {key} is not text", "put it in quotes")
    return section


def _check_colour(key: str, value: str, file: str) -> None:
    try:
        Color.parse(value)
    except ColorParseError as error:
        reason = f"{file}: {key} is not a colour: {quoted(value)}"
        raise ThemeError(reason, 'write it as "#12161c"') from error


def _style(role: str, text: str, file: str) -> Style:
    try:
        return Style.parse(text)
    except StyleSyntaxError as error:
        reason = f"{file}: {role} is not a style: {quoted(text)}"
        raise ThemeError(reason, 'write for example "bold #ff7b72"') from error
