"""Which collectors are installed, and the first of them that opens."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    refusals: tuple[str, ...] = ()
    """One line for each better collector that did not open."""
    better: tuple[str, ...] = ()
    """Better ones that are worth trying while this one serves, best first."""
    is_forced: bool = False
    """Whether the user wants this one or none."""


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
    return _open_forced(forced) if forced is not None else _open_best(PREFERENCE, ())


def open_quickly(forced: str | None = None) -> Opened:
    """Open the best collector that opens at once; name those to try meanwhile.

    Raises:
        UsageError: `forced` names no installed collector.
        CollectorUnavailable: `forced`, or every collector, is refused by this host.
    """
    if forced is not None:
        return _open_forced(forced)
    slow = [name for name in names() if name in PREFERENCE and _is_slow(name)]
    quick = [name for name in PREFERENCE if name not in slow]
    opened = _open_best(quick, ())
    rank = PREFERENCE.index(opened.collector.name)
    better = tuple(name for name in slow if PREFERENCE.index(name) < rank)
    return replace(opened, better=better)


def open_next(failed: Opened, reason: str) -> Opened:
    """Open the best collector below one that failed.

    Raises:
        CollectorUnavailable: It was forced, or there is none below it that opens.
    """
    name = failed.collector.name
    if failed.is_forced or name not in PREFERENCE:
        raise CollectorUnavailable(f"collector {name} failed: {reason}")
    below = PREFERENCE[PREFERENCE.index(name) + 1 :]
    return _open_best(below, (*failed.refusals, f"{name}: failed: {reason}"))


def _open_forced(name: str) -> Opened:
    collector = load(name)
    try:
        _open(collector)
    except CollectorUnavailable as refusal:
        reason = f"collector {name}: unavailable: {refusal.reason}"
        raise CollectorUnavailable(reason, refusal.remedy) from refusal
    return Opened(collector, is_forced=True)


def _open_best(order: Sequence[str], before: tuple[str, ...]) -> Opened:
    refusals = list(before)
    installed = names()
    for name in (name for name in order if name in installed):
        try:
            collector = load(name)
            _open(collector)
        except CollectorUnavailable as refusal:
            refusals.append(f"{name}: unavailable: {refusal}")
            continue
        return Opened(collector, tuple(refusals))
    reason = "; ".join(refusals) or "no collector is installed"
    raise CollectorUnavailable(reason, "" if refusals else "run make setup")


def _is_slow(name: str) -> bool:
    try:
        return load(name).slow_to_open
    except CollectorUnavailable:
        return False


def _open(collector: Collector) -> None:
    state = collector.availability()
    if not state.available:
        raise CollectorUnavailable(state.reason, state.remedy)
    try:
        collector.open()
    except MontaukError:
        collector.close()
        raise
