"""The settings that a command runs with: flags over environment over file."""

import argparse
from dataclasses import replace
from typing import Any

from montauk_tui import config, streams
from montauk_tui.collectors import registry
from montauk_tui.config import Settings
from montauk_tui.config.options import OPTIONS
from montauk_tui.config.readers import sort_direction
from montauk_tui.errors import UsageError


def load_settings(
    options: argparse.Namespace, *, for_scripts: bool = False
) -> tuple[Settings, list[str]]:
    """Return the settings, and a line for each error in the file.

    Output for scripts must not depend on the user's screen settings.

    Raises:
        UsageError: A flag or a variable is invalid.
    """
    settings, warnings = config.load(registry.names())
    if for_scripts:
        settings = Settings(
            collector=settings.collector,
            interval_s=settings.interval_s,
            groups=settings.groups,
        )
    settings = with_flags(settings, options)
    if settings.collector is not None:
        registry.check(settings.collector)
    return settings, warnings


def load_and_report(
    options: argparse.Namespace, *, for_scripts: bool = False
) -> Settings:
    """Return the settings, and report errors in the file on stderr."""
    settings, warnings = load_settings(options, for_scripts=for_scripts)
    for warning in warnings:
        streams.complain(warning)
    return settings


def with_flags(settings: Settings, options: argparse.Namespace) -> Settings:
    """Return settings overridden by the flags of a command."""
    values: dict[str, Any] = {}
    for option in OPTIONS:
        given = getattr(options, option.attribute, None)
        flag = option.flag
        if flag is None or given is None:
            continue
        try:
            values[option.attribute] = (flag.read or option.read)(given)
        except UsageError as error:
            reason = f"--{flag.name}: {error.reason}"
            raise UsageError(reason, error.remedy) from error
    if "sort" in values:
        # Another column has its own default direction.
        values["descending"] = sort_direction(options.sort)
        # As in htop: in a tree that is ordered by start time nothing would change.
        values.setdefault("tree", False)
    return replace(settings, **values)
