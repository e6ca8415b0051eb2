"""The generated parts of the manual page, in roff."""

import argparse
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from textual.binding import Binding

from montauk_tui.config.option import Option
from montauk_tui.config.options import IN_FILE, OPTIONS, TABLES
from montauk_tui.engine import meters
from montauk_tui.ui import themes
from montauk_tui.ui.bindings import EVERY_BINDING, OTHER_KEYS
from montauk_tui.ui.bindings import key_names as names_of

THEMES: Final = Path(__file__).parents[1] / "themes"


def in_section(section: str) -> list[Binding]:
    """Return the bindings of a section of the help."""
    return [one for one in EVERY_BINDING if (one.id or "").startswith(f"{section}.")]


def about(option: Option) -> str:
    """Return the description of a setting."""
    hint = option.hint
    return option.about or f"{hint[0].lower()}{hint[1:]}"


def roff(text: str) -> str:
    """Return a text escaped for roff."""
    for plain, escaped in (("\\", r"\e"), ("-", r"\-"), ("~", r"\(ti"), ("^", r"\(ha")):
        text = text.replace(plain, escaped)
    return re.sub(r"^([.'])", r"\\&\1", text)


def prose(markdown: str) -> str:
    """Return a sentence of Markdown as one of roff."""
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", markdown).replace("`", "")
    stop = "" if text.endswith(".") else "."
    return roff(f"{text[0].upper()}{text[1:]}{stop}")


def entries(rows: Iterable[tuple[str, str]]) -> str:
    """Return a list of terms, already in roff, with their meanings."""
    return "\n".join(f".TP\n{term}\n{prose(meaning)}" for term, meaning in rows)


def man_keys(section: str) -> Callable[[], str]:
    """Return a function that writes the keys of a section."""

    def lines() -> str:
        shown = [(" ".join(names_of(one)), one.tooltip) for one in in_section(section)]
        shown += OTHER_KEYS.get(section, ())
        return entries((f'.B "{roff(term)}"', what) for term, what in shown)

    return lines


def man_flag(action: argparse.Action) -> str:
    """Return the notation of a command-line option."""
    names = r"\fR, \fB".join(map(roff, action.option_strings))
    word = rf"\fI{action.metavar}\fR"
    value = "" if not action.metavar else f" [{word}]" if action.nargs else f" {word}"
    return rf"\fB{names}\fR{value}"


def man_synopsis() -> str:
    """Return the options of the monitor for the synopsis."""
    lines = []
    for flag in (it.flag for it in OPTIONS if it.flag):
        name, word = roff(flag.names[0]), flag.metavar
        value = f"\n.IR {word} ]" if word and flag.alone is None else " ]"
        if word and flag.alone is not None:
            value = f"\n.RI [ {word} ]]"
        lines.append(f".RB [ {name}{value}")
    return "\n".join(lines)


def man_options(make: Callable[[], argparse.ArgumentParser]) -> Callable[[], str]:
    """Return a function that writes the options of a command, by group."""

    def lines() -> str:
        found: list[str] = []
        for group in make()._action_groups:  # noqa: SLF001 - there is no public way
            actions = [it for it in group._group_actions if it.option_strings]  # noqa: SLF001
            if not actions:
                continue
            if group.title and group.title != "options":
                found.append(f".SS {group.title[0].upper()}{group.title[1:]}")
            found.append(entries((man_flag(it), it.help or "") for it in actions))
        return "\n".join(found)

    return lines


def man_settings() -> str:
    """Return every key of the settings file."""
    rows = [*((it.id, about(it)) for it in IN_FILE), *TABLES.items()]
    return entries((f".B {roff(name)}", what) for name, what in rows)


def man_meters() -> str:
    """Return every meter with its styles."""
    return entries(
        (f".B {it.id}", f"{it.description}: {', '.join(it.styles)}")
        for it in meters.METERS.values()
    )


def man_themes() -> str:
    """Return the names of the themes."""
    return f"Built-in themes are\n{roff(', '.join(themes.names([THEMES])))}."
