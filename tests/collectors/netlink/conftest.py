"""The real collector."""

import os
from collections.abc import Iterator

import pytest

from montauk_tui.collectors.netlink.collector import NetlinkCollector
from tests.collectors.netlink.support import opened
from tests.support.lives import Watch


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs the events where there can be none, and say why."""
    if item.get_closest_marker("privileged") is None:
        return
    if os.geteuid() != 0:
        pytest.skip("only root may have the accounting")
    state = NetlinkCollector().availability()
    if not state.available:
        pytest.skip(f"{state.reason}; {state.remedy}")


@pytest.fixture(scope="module")
def collector() -> Iterator[NetlinkCollector]:
    """Return the collector, open for all tests of a module."""
    with opened() as collector:
        yield collector


@pytest.fixture
def watch(collector: NetlinkCollector) -> Watch:
    """Watch for ends from now on."""
    return Watch(collector)
