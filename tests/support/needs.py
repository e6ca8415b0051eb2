"""Everything that a sample may be asked for."""

from typing import Final

from montauk_tui.collectors.procfs.enrich.files import SOURCES
from montauk_tui.model.schema import Need

LABELS: Final = ("exe", "cwd", "cgroup", "wchan", "security")
"""Texts that are looked up."""

GAUGES: Final = tuple(
    name for source in SOURCES for name in source.names if name not in LABELS
)
"""Numbers that are looked up."""

CONSTANTS: Final = {
    name: value for name, value in vars(Need).items() if isinstance(value, Need)
}

EVERYTHING: Final = Need.of(
    *(name for need in CONSTANTS.values() for name in need.names), *GAUGES, *LABELS
)
