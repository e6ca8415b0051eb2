"""The source of the probes: those that stay loaded, or private ones.

What loads private ones is imported only for that: it takes longer than to open those
that stay loaded.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from montauk_tui.collectors.base import Availability
from montauk_tui.collectors.clock import UNKNOWN_OFFSETS, namespace_offsets
from montauk_tui.collectors.kernel import pins
from montauk_tui.collectors.kernel.pins import Pins
from montauk_tui.errors import CollectorUnavailable, ResourceMissing
from montauk_tui.model import own_proc
from montauk_tui.resources import folder

if TYPE_CHECKING:
    from montauk_tui.collectors.kernel.loader import Loaded, Loader
    from montauk_tui.collectors.kernel.sizes import Sizes

    Probes = Loaded | Pins


class Origin:
    """Finds or loads the probes of one collector."""

    def __init__(self, attachment: str, place: str) -> None:
        """Prepare; see `KernelCollector`."""
        self._attachment, self._place = attachment, place
        self._lock = threading.Lock()
        self._loader: Loader | None = None
        self._given_up = False
        self._found: list[Pins] = []
        """Those that `open` will use: to find and check them takes 0.8 ms."""
        weakref.finalize(self, _close, self._found)

    def give_up(self) -> None:
        """Kill the loader, and start no other."""
        with self._lock:
            self._given_up = True
            if self._loader is not None:
                self._loader.give_up()

    @property
    def must_load(self) -> bool:
        """Whether none that this user may read stay loaded."""
        try:
            return self._find() is None
        except CollectorUnavailable:
            return True

    def availability(self) -> Availability:
        """Tell from a few files whether there should be probes."""
        try:
            found = self._find()
        except CollectorUnavailable as refusal:
            own = _may_load()
            return own if own.available else _refused(refusal.reason, refusal.remedy)
        if found is None:
            return _may_load()
        lack = own_proc.lack("/proc")
        if lack is None and namespace_offsets() is None:
            lack = UNKNOWN_OFFSETS
        return Availability(available=True) if lack is None else _refused(*lack)

    def open(self, on_wait: Callable[[float], None]) -> tuple[Probes, tuple[int, int]]:
        """Return the probes that stay loaded, or load some, and the sizes of the logs.

        Raises:
            CollectorUnavailable: With the reason and the remedy.
        """
        try:
            found = self._find()
        except CollectorUnavailable:
            if not _may_load().available:
                raise
            found = None
        self._found.clear()
        return (found, found.sizes) if found is not None else self._load(on_wait)

    def forget(self) -> None:
        """Look for the probes that stay loaded again, when they are asked for."""
        _close(self._found)

    def _find(self) -> Pins | None:
        """Return the probes that stay loaded, if there are any; they are kept open."""
        if self._found and not self._found[0].are_loaded:
            self.forget()
        if not self._found and self._attachment == "auto":
            found = pins.find(self._place)
            if found is not None:
                self._found.append(found)
        return self._found[0] if self._found else None

    def _load(self, on_wait: Callable[[float], None]) -> tuple[Loaded, Sizes]:
        from montauk_tui.collectors.kernel.loader import Loader  # noqa: PLC0415

        probes, sizes = surroundings()
        with self._lock:
            self._loader = Loader()
            if self._given_up:
                self._loader.give_up()
        defines = sizes.defines()
        loaded = self._loader.load(probes, defines, self._attachment, on_wait=on_wait)
        return loaded, sizes


def _close(found: list[Pins]) -> None:
    while found:
        found.pop().close()


def _may_load() -> Availability:
    from montauk_tui.collectors.kernel import requirements  # noqa: PLC0415

    return requirements.check()


def _refused(reason: str, remedy: str) -> Availability:
    return Availability(available=False, reason=reason, remedy=remedy)


def surroundings() -> tuple[Path, Sizes]:
    """Return the folder of the probes, and how large their logs are by default.

    Raises:
        CollectorUnavailable: One of them is missing.
    """
    from montauk_tui.collectors.kernel import sizes  # noqa: PLC0415

    try:
        probes, cpus = folder("probes"), sizes.possible_cpus()
        return probes, sizes.Sizes(cpus, sizes.default_slots(cpus))
    except ResourceMissing as error:
        raise CollectorUnavailable(error.reason, error.remedy) from error
    except (OSError, ValueError) as error:
        reason = f"the number of CPUs is unknown: {error}"
        raise CollectorUnavailable(reason, "mount /sys") from error
