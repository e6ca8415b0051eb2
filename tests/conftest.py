"""What holds for every test, and a program that lives and ends as it is told."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from subprocess import Popen
from typing import Final

import pytest
from coverage import Coverage
from hypothesis import HealthCheck, settings

from montauk_tui.model.sample import Identity
from tests.support import heritage
from tests.support.children import child

# A busy machine is no reason to fail: no example is timed. Nor is a checkout that
# belongs to somebody else: nothing is written to it.
settings.register_profile(
    "montauk",
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("montauk")
heritage.drop()

# The folders whose tests must reach every branch of some packages (pyproject.toml).
MEASURED: Final = {"config", "session", "unit"}


@contextmanager
def unmeasured() -> Iterator[None]:
    """Measure no coverage meanwhile: the tests are twice as fast."""
    of_this, of_new = sys.gettrace(), threading.gettrace()
    if Coverage.current() is None:
        yield
        return
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        sys.settrace(of_this)
        threading.settrace(of_new)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Measure what the import of the packages reaches, and not that of the tests."""
    if measuring := Coverage.current():
        for package in measuring.config.source_pkgs:
            paths = import_module(package).__path__
            for module in walk_packages(paths, f"{package}."):
                import_module(module.name)
    with unmeasured():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measure the tests of the packages, but no property tests.

    What random examples reach changes from run to run.
    """
    folder = item.path.relative_to(Path(__file__).parent).parts[0]
    is_measured = folder in MEASURED and not any(
        map(item.get_closest_marker, ("hypothesis", "exhaustive"))
    )
    with nullcontext() if is_measured else unmeasured():
        return (yield)


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
    source = Path(__file__).parent / "support" / "lives.c"
    subprocess.run([compiler, "-O1", "-pthread", "-o", program, source], check=True)
    return str(program)


@pytest.fixture(scope="session")
def dying(compiler: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the program `dying.c`, compiled."""
    program = tmp_path_factory.mktemp("dying") / "dying"
    source = Path(__file__).parent / "support" / "dying.c"
    subprocess.run([compiler, "-O1", "-o", program, source, "-lrt"], check=True)
    return str(program)


@pytest.fixture
def family() -> Iterator[list[tuple[Popen[bytes], Identity]]]:
    """Three processes; the second and the third are shown as children of the first."""
    with ExitStack() as stack:
        yield [stack.enter_context(child()) for _ in range(3)]
