"""A program that lives and ends as it is told."""

import shutil
import subprocess
from pathlib import Path

import pytest


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
    source = Path(__file__).parents[1] / "support" / "lives.c"
    subprocess.run([compiler, "-O1", "-pthread", "-o", program, source], check=True)
    return str(program)
