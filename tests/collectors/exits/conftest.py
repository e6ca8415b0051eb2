"""The collectors that see every process, one after the other."""

import os
from collections.abc import Iterator

import pytest

from montauk_tui.collectors.base import Collector
from tests.collectors.conftest import load_available
from tests.support.lives import Watch


@pytest.fixture(scope="module", params=["kernel", "netlink"])
def collector(request: pytest.FixtureRequest) -> Iterator[Collector]:
    """Return such a collector, open for all tests of a file."""
    if os.geteuid() != 0:
        pytest.skip("only root may see every end with its CPU time")
    with load_available(request.param) as opened:
        yield opened


@pytest.fixture
def fresh(collector: Collector) -> Iterator[Collector]:
    """Return another one of the same kind, opened for this test."""
    with load_available(collector.name) as opened:
        yield opened


@pytest.fixture
def watch(collector: Collector) -> Watch:
    """Watch for ends from now on."""
    return Watch(collector)
