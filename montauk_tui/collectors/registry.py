"""The installed collectors, and the best of them that opens."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Final, cast

from montauk_tui.collectors.base import Collector
from montauk_tui.collectors.installed import entry_points
from montauk_tui.errors import CollectorUnavailable, UsageError
from montauk_tui.model.text import quoted

GROUP: Final = "montauk.collectors"

AGAIN: Final = "failed, trying again soon"
"""The note on a collector that failed in use and is tried again."""

PREFERENCE: Final = ("kernel", "netlink", "traditional")
"""Best first. A collector of another name is used only where the user names it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An open collector and why it is not a better one."""

    collector: Collector
    refusals: tuple[str, ...] = ()
    """One line for each better collector that did not open."""
    better: tuple[str, ...] = ()
    """Better ones that are worth trying meanwhile, best first."""
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
    points = entry_points(group=GROUP, name=name)
    if not points:
        check(name)
    point = points[0]
    try:
        collector: Collector = cast("Callable[[], Collector]", point.load())()
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
        choice = ", ".join(known) or "none: montauk is not installed (make setup)"
        raise UsageError(
            f"no collector is called {quoted(name)}", f"choose one of: {choice}"
        )


OnWait = Callable[[str, float], None]
"""Given the name of a collector that is opening, and the seconds it took so far."""


def open_collector(forced: str | None = None, on_wait: OnWait | None = None) -> Opened:
    """Open the collector called `forced`, or without one the best that opens.

    `on_wait` is called about every second that one takes.

    Raises:
        UsageError: `forced` names no installed collector.
        CollectorUnavailable: `forced`, or every collector, is refused by this host.
    """
    if forced is not None:
        return open_loaded(load(forced), on_wait)
    return _open_best(PREFERENCE, (), on_wait)


def open_quickly(forced: str | None = None, on_wait: OnWait | None = None) -> Opened:
    """Open the best collector that opens at once; name those to try meanwhile.

    `on_wait` is called about every second that a forced one takes.

    Raises:
        UsageError: `forced` names no installed collector.
        CollectorUnavailable: `forced`, or every collector, is refused by this host.
    """
    if forced is not None:
        return open_loaded(load(forced), on_wait)
    slow: list[str] = []
    loaded: dict[str, Collector] = {}
    opened = _open_best(_quick(slow, loaded), (), loaded=loaded)
    return replace(opened, better=tuple(slow))


def _quick(slow: list[str], loaded: dict[str, Collector]) -> Iterator[str]:
    """Yield those that open at once, best first; list the slow ones before it.

    None below the one that opens is imported. A collector that says that it opens at
    once is kept in `loaded`: it may have found out what opening needs.
    """
    installed = names()
    for name in filter(installed.__contains__, PREFERENCE):
        try:
            loaded[name] = collector = load(name)
        except CollectorUnavailable:
            # It says why when it is loaded again.
            yield name
            continue
        if collector.slow_to_open:
            slow.append(name)
        else:
            yield name


def is_better(name: str, other: str) -> bool:
    """Tell whether the one is preferred to the other; both are of `PREFERENCE`."""
    return PREFERENCE.index(name) < PREFERENCE.index(other)


def open_next(failed: Opened, reason: str, *, again: bool = False) -> Opened:
    """Open the best collector below one that failed.

    Better ones that are still opening remain candidates. `again` says whether the one
    that failed will be tried again.

    Raises:
        CollectorUnavailable: It was forced, or there is none below it that opens.
    """
    name = failed.collector.name
    if failed.is_forced or name not in PREFERENCE:
        raise CollectorUnavailable(f"collector {name} failed: {reason}")
    below = PREFERENCE[PREFERENCE.index(name) + 1 :]
    failure = f"{name}: {AGAIN if again else 'failed'}: {reason}"
    opened = _open_best(below, (*failed.refusals, failure))
    return replace(opened, better=failed.better)


def open_loaded(collector: Collector, on_wait: OnWait | None = None) -> Opened:
    """Open this collector or none.

    Raises:
        CollectorUnavailable: This host refuses it.
    """
    try:
        _open(collector, on_wait)
    except CollectorUnavailable as refusal:
        reason = f"collector {collector.name}: unavailable: {refusal.reason}"
        raise CollectorUnavailable(
            reason, refusal.remedy, may_pass=refusal.may_pass
        ) from refusal
    return Opened(collector, is_forced=True)


def _open_best(
    order: Iterable[str],
    before: tuple[str, ...],
    on_wait: OnWait | None = None,
    *,
    loaded: Mapping[str, Collector] = MappingProxyType({}),
) -> Opened:
    refusals = list(before)
    installed = names()
    for name in (name for name in order if name in installed):
        try:
            collector = loaded.get(name) or load(name)
            _open(collector, on_wait)
        except CollectorUnavailable as refusal:
            refusals.append(f"{name}: unavailable: {refusal}")
            continue
        return Opened(collector, tuple(refusals))
    reason = "; ".join(refusals) or "no collector is installed"
    raise CollectorUnavailable(reason, "" if refusals else "run make setup")


def _open(collector: Collector, on_wait: OnWait | None = None) -> None:
    state = collector.availability()
    if not state.available:
        raise CollectorUnavailable(state.reason, state.remedy)
    if on_wait is not None:
        collector.on_wait = partial(on_wait, collector.name)
    try:
        collector.open()
    except BaseException:
        collector.close()
        raise
    finally:
        # What it calls may hold the collector: a cycle would keep its files open.
        collector.on_wait = Collector.on_wait
