"""The real collector."""

import os
from collections.abc import Iterator

import pytest

from montauk_tui.collectors.kernel.collector import KernelCollector
from tests.collectors.kernel.story import Story
from tests.collectors.kernel.support import opened
from tests.support.lives import Watch


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs the probes where there can be none, and say why."""
    if item.get_closest_marker("privileged") is None:
        return
    if os.geteuid() != 0:
        pytest.skip("only root may load the probes")
    state = KernelCollector().availability()
    if not state.available:
        pytest.skip(f"{state.reason}; {state.remedy}")


@pytest.fixture(scope="module")
def collector() -> Iterator[KernelCollector]:
    """Return the collector, open for all tests of a module."""
    with opened() as collector:
        yield collector


@pytest.fixture
def watch(collector: KernelCollector) -> Watch:
    """Watch for ends from now on."""
    return Watch(collector)


@pytest.fixture
def story() -> Story:
    """Return records made by hand, one sample after the other."""
    return Story()
