"""The real collector, and a program that lives and ends as it is told."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from montauk_tui.collectors.kernel.collector import KernelCollector
from tests.collectors.kernel.support import Watch, opened


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs the probes where there can be none, and say why."""
    if item.get_closest_marker("privileged") is None:
        return
    if os.geteuid() != 0:
        pytest.skip("only root may load the probes")
    state = KernelCollector().availability()
    if not state.available:
        pytest.skip(f"{state.reason}; {state.remedy}")


@pytest.fixture(scope="session")
def compiler() -> str:
    """Return the C compiler, or skip."""
    found = shutil.which("cc") or shutil.which("gcc")
    if found is None:
        pytest.skip("no C compiler")
    return found


@pytest.fixture(scope="session")
def lives(compiler: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the program `lives.c`, compiled."""
    program = tmp_path_factory.mktemp("lives") / "lives"
    source = Path(__file__).with_name("lives.c")
    subprocess.run([compiler, "-O1", "-pthread", "-o", program, source], check=True)
    return str(program)


@pytest.fixture(scope="module")
def collector() -> Iterator[KernelCollector]:
    """Return the collector, open for all tests of a module."""
    with opened() as collector:
        yield collector


@pytest.fixture
def watch(collector: KernelCollector) -> Watch:
    """Watch for ends from now on."""
    return Watch(collector)
