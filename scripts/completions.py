"""Completion of the command line for bash, zsh and fish, by shtab from the parsers.

The files are in `completions/`, the wheel installs them; `make docs` writes them.
"""

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import shtab

from montauk_tui.cli import WORDS, parsers
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.ui import themes

ROOT: Final = Path(__file__).parents[1]

FILES: Final = {
    "bash": ROOT / "completions" / "montauk.bash",
    "zsh": ROOT / "completions" / "_montauk",
    "fish": ROOT / "completions" / "montauk.fish",
}
"""The file of each shell."""

_USER: Final = {
    "bash": "_montauk_users",
    "zsh": "_users",
    "fish": "(__fish_complete_users)",
}
_PREAMBLE: Final = {"bash": '_montauk_users() { compgen -u -- "$1"; }'}

_DOES: Final = {
    "config": "take the settings of htop",
    "events": "print every fork, exec and exit",
    "exporter": "export metrics for Prometheus",
    "probes": "load the probes for users without root",
    "query": "answer a question in SQL about recordings",
    "record": "record all processes to disk",
    "recordings": "export recordings as Parquet files",
    "replay": "show a recording",
    "report": "print who used what in a recording",
}


def _values() -> dict[str, list[str]]:
    """Return what may follow an option, by the attribute it sets."""
    return {
        "sort": [*COLUMNS, "help"],
        "theme": themes.names([ROOT / "themes"]),
        "collector": ["kernel", "netlink", "traditional"],
    }


def whole_parser() -> argparse.ArgumentParser:
    """Return one parser of the monitor and its commands."""
    result = parsers.parser()
    commands = result.add_subparsers(dest="word", metavar="COMMAND")
    for word, make in WORDS.items():
        _add(commands, word, make)
    _complete(result)
    return result


def _add(commands: Any, word: str, make: Callable[[], argparse.ArgumentParser]) -> None:
    added = commands.add_parser(
        word, help=_DOES[word], parents=[make()], add_help=False
    )
    _complete(added)


def _complete(parser: argparse.ArgumentParser) -> None:
    """Tell shtab which values the options of a parser and its commands have."""
    values = _values()
    for action in parser._actions:  # noqa: SLF001 - there is no public way
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for inner in action.choices.values():
                _complete(inner)
        elif action.dest in values:
            action.choices = values[action.dest]
        elif action.dest == "uid":
            vars(action)["complete"] = _USER
        elif action.dest in ("file", "html"):
            vars(action)["complete"] = shtab.FILE


def completion(shell: str) -> str:
    """Return the completion file of a shell."""
    text = shtab.complete(whole_parser(), shell, preamble=_PREAMBLE.get(shell, ""))
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    return f"{text.rstrip()}\n"
