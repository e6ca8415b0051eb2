"""Which collectors are installed, and the first of them that opens."""

from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Final

from montauk_tui.collectors.base import Availability, Collector
from montauk_tui.errors import CollectorUnavailable, MontaukError, UsageError
from montauk_tui.model.text import clean

GROUP: Final = "montauk.collectors"

PREFERENCE: Final = ("kernel", "netlink", "traditional")
"""Best first. A collector of another name is used only where the user names it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An open collector and why no better one serves."""

    collector: Collector
    refusals: tuple[str, ...]
    """One line for each better collector that did not open."""


def names() -> list[str]:
    """Return the installed collectors' names, best first, importing none of them."""
    installed = {point.name for point in entry_points(group=GROUP)}
    preferred = [name for name in PREFERENCE if name in installed]
    return preferred + sorted(installed - set(preferred))


def load(name: str) -> Collector:
    """Return the collector called `name`, not yet open.

    Raises:
        UsageError: None is installed under that name.
        CollectorUnavailable: What is installed under that name is broken.
    """
    check(name)
    point = next(iter(entry_points(group=GROUP, name=name)))
    try:
        collector: Collector = point.load()()
    except Exception as error:
        reason = f"it cannot be loaded: {type(error).__name__}: {error}"
        raise CollectorUnavailable(reason, f"reinstall {point.value}") from error
    return collector


def check(name: str) -> None:
    """Tell whether a collector is installed under `name`, importing nothing.

    Raises:
        UsageError: None is; the remedy names those that are.
    """
    known = names()
    if name not in known:
        shown = clean(name.encode("utf-8", "surrogateescape"))
        choice = ", ".join(known) or "none: montauk is not installed (make setup)"
        raise UsageError(
            f"no collector is called '{shown}'", f"choose one of: {choice}"
        )


def availability(name: str) -> tuple[Collector, Availability]:
    """Return a collector and whether it could be opened, without opening it.

    Raises:
        UsageError: None is installed under that name.
        CollectorUnavailable: What is installed under that name is broken.
    """
    collector = load(name)
    return collector, collector.availability()


def open_collector(forced: str | None = None) -> Opened:
    """Open the collector called `forced`, or without one the best that opens.

    Raises:
        UsageError: `forced` names no installed collector.
        CollectorUnavailable: `forced`, or every collector, is refused by this host.
    """
    if forced is not None:
        collector = load(forced)
        try:
            _open(collector)
        except CollectorUnavailable as refusal:
            reason = f"collector {forced}: unavailable: {refusal.reason}"
            raise CollectorUnavailable(reason, refusal.remedy) from refusal
        return Opened(collector, ())
    refusals: list[str] = []
    for name in (name for name in names() if name in PREFERENCE):
        try:
            collector = load(name)
            _open(collector)
        except CollectorUnavailable as refusal:
            refusals.append(f"{name}: unavailable: {refusal}")
            continue
        return Opened(collector, tuple(refusals))
    reason = "; ".join(refusals) or "no collector is installed"
    raise CollectorUnavailable(reason, "" if refusals else "run make setup")


def _open(collector: Collector) -> None:
    state = collector.availability()
    if not state.available:
        raise CollectorUnavailable(state.reason, state.remedy)
    try:
        collector.open()
    except MontaukError:
        collector.close()
        raise
