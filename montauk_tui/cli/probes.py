"""`montauk probes`: loads and unloads the probes, and shows what they are."""

import argparse
import signal

from montauk_tui.errors import UsageError

_COMMANDS = ("load", "unload", "status", "layout")


def run(options: argparse.Namespace) -> int:
    """Run one of the commands and return the exit code."""
    if options.command is None:
        choice = ", ".join(_COMMANDS)
        raise UsageError("montauk probes needs a command", f"choose one of: {choice}")
    if options.command == "layout":
        from montauk_tui.export import probes  # noqa: PLC0415 - each has its imports

        return probes.layout()
    from montauk_tui.export import loading  # noqa: PLC0415 - likewise

    if options.command == "status":
        return loading.status()
    # What was begun is removed, whichever signal ends it.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    if options.command == "unload":
        return loading.unload()
    return loading.load(options.group, everybody=options.everybody, slots=options.slots)


def _leave(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)
