"""`montauk config import`: takes the settings of htop."""

import argparse
import os
from pathlib import Path

from montauk_tui import files, streams
from montauk_tui.config import Settings, changes, config_path, from_file, htoprc
from montauk_tui.config.editing import edited
from montauk_tui.config.htoprc import Imported
from montauk_tui.config.writing import save, summary
from montauk_tui.errors import MontaukError, UsageError
from montauk_tui.export.output import write_stdout
from montauk_tui.model.text import named


def run(options: argparse.Namespace) -> int:
    """Import a file, tell what has no counterpart, and return the exit code."""
    if options.command is None:
        raise UsageError(
            "montauk config needs a command", "write: montauk config import"
        )
    path = config_path(os.environ)
    before, warnings = from_file(path)
    for warning in warnings:
        streams.complain(warning)
    source = Path(options.file) if options.file else usual_file()
    found = imported(source, before)
    wanted = changes(before, found.settings)
    if options.print:
        lines = [edited(b"", wanted).decode().strip()] if wanted else []
        lines += [f"# {note}" for note in found.notes]
    else:
        lines = [summary(save(path, wanted), named(path)), *found.notes]
    write_stdout("\n".join(lines))
    return 0


def usual_file() -> Path:
    """Return htop's own settings file: see htop(1)."""
    if named_by_user := os.environ.get("HTOPRC"):
        return Path(named_by_user)
    home = Path(os.environ.get("HOME") or Path.home())
    below = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    usual = below / "htop" / "htoprc"
    places = (usual, home / ".config" / "htop" / "htoprc", home / ".htoprc")
    return next((it for it in places if os.path.lexists(it)), usual)


def imported(source: Path, before: Settings) -> Imported:
    """Return the settings of a file of htop.

    Raises:
        MontaukError: It cannot be read, or is no such file.
    """
    try:
        data = files.read_regular(source, htoprc.MOST_BYTES).data
        return htoprc.read(data, before)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        reason = f"{named(source)}: cannot be read: {why}"
        raise MontaukError(reason, "name htop's settings file") from error
    except UsageError as error:
        raise MontaukError(f"{named(source)}: {error.reason}", error.remedy) from error
