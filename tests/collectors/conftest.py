"""Open collectors: every kind on this machine, and one on files made by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from montauk_tui.collectors import registry
from montauk_tui.collectors.base import Collector
from montauk_tui.collectors.procfs.collector import TraditionalCollector
from tests.support.fakeproc import FakeProc


def load_available(name: str) -> Collector:
    """Return a collector, or skip with the reason why this host refuses it."""
    made = registry.load(name)
    state = made.availability()
    if not state.available:
        pytest.skip(f"{name}: {state.reason}; {state.remedy}")
    return made


@pytest.fixture(scope="module", params=registry.names())
def collector(request: pytest.FixtureRequest) -> Iterator[Collector]:
    """Return an open collector, of every kind that this host allows.

    The same for all tests of a file: to load the probes takes seconds in a virtual
    machine.
    """
    made = load_available(request.param)
    made.open()
    yield made
    made.close()


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    """Return a /proc without processes, to write into."""
    return FakeProc(tmp_path)


@pytest.fixture
def traditional(proc: FakeProc) -> Iterator[TraditionalCollector]:
    """Return an open collector of that /proc."""
    with TraditionalCollector(proc.root) as opened:
        yield opened
