"""Collectors that open and fail as they are told, and sources of frames from them."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from montauk_tui.collectors.base import Availability, Collector
from montauk_tui.collectors.registry import Opened
from montauk_tui.errors import CollectorFailed, CollectorUnavailable
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Need
from montauk_tui.pipeline.frames import FrameSource
from tests.support.builders import FakeLookups, make_sample
from tests.support.patience import MOST_S as PATIENCE_S

NS = 10**9


class Made(Collector):
    """Hands out its samples and then fails; remembers whether it is open."""

    def __init__(self, name: str, samples: Sequence[Sample] = ()) -> None:
        self.name = name  # type: ignore[misc]
        self.samples = list(samples)
        self.refusal: CollectorUnavailable | None = None
        self.opened, self.closed = 0, 0
        self.lookups = FakeLookups()

    @property
    def detail(self) -> str:
        return f"the {self.name} one"

    def availability(self) -> Availability:
        return Availability(available=True)

    def open(self) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.opened += 1

    def sample(self, needs: Need) -> Sample:  # noqa: ARG002 - the contract's name
        if not self.samples:
            raise CollectorFailed(f"{self.name} broke", "restart it")
        return self.samples.pop(0)

    def close(self) -> None:
        self.closed += 1


def ticks(after_s: float, utime: int) -> Sample:
    return make_sample([{"pid": 1, "utime": utime}], after_s=after_s)


def exact(after_s: float, utime_ns: int) -> Sample:
    row = {"pid": 1, "utime": utime_ns}
    return make_sample([row], after_s=after_s, ticks_per_second=NS)


Install = Callable[..., Any]


def quick(collector: Made, *better: str) -> FrameSource:
    return FrameSource(Opened(collector, better=better))


class Slow(Made):
    """Opens when it is allowed to, or ends the wait when it is given up."""

    def __init__(self, name: str, samples: Sequence[Sample] = ()) -> None:
        super().__init__(name, samples)
        self.begun, self.may_open = threading.Event(), threading.Event()
        self.given_up = 0
        self.heeds = True

    def open(self) -> None:
        self.begun.set()
        assert self.may_open.wait(PATIENCE_S)
        if self.given_up and self.heeds:
            raise CollectorUnavailable("given up")
        super().open()

    def give_up(self) -> None:
        self.given_up += 1
        self.may_open.set()


class Upgrading:
    """An upgrade that goes on in a thread of its own."""

    def __init__(self, source: FrameSource) -> None:
        self.result: bool | None = None
        self._source = source
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self.result = next(self._source.upgrades())

    def end(self) -> bool | None:
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        return self.result
