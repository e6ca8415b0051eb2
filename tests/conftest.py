"""What holds for every test, and a program that lives and ends as it is told."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import Popen

import pytest
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


@pytest.fixture
def family() -> Iterator[list[tuple[Popen[bytes], Identity]]]:
    """Three processes; the second and the third are shown as children of the first."""
    with ExitStack() as stack:
        yield [stack.enter_context(child()) for _ in range(3)]
