"""Probes that stay loaded, in a namespace of mounts."""

import os
from collections.abc import Iterator

import pytest

from montauk_tui.collectors.kernel import requirements
from tests.support.bpfmachine import GROUP, Machine, check_nobody, machine


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs the probes where there can be none, and say why."""
    if item.get_closest_marker("privileged") is None:
        return
    if os.geteuid() != 0:
        pytest.skip("only root may load the probes")
    state = requirements.check()
    if not state.available:
        pytest.skip(f"{state.reason}; {state.remedy}")


@pytest.fixture(scope="session")
def nobody() -> None:
    """Skip where user nobody cannot run this checkout."""
    check_nobody()


@pytest.fixture(scope="module")
def loaded(nobody: None) -> Iterator[Machine]:  # noqa: ARG001
    """Return a machine whose probes are loaded for GROUP, for a whole file."""
    with machine() as one:
        done = one.montauk("probes", "load", "--group", str(GROUP))
        assert done.returncode == 0, done.stderr
        yield one


@pytest.fixture
def empty() -> Iterator[Machine]:
    """Return a machine without probes."""
    with machine() as one:
        yield one
