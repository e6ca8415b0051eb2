"""The command line, run in this process or as a program of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from montauk_tui import cli
from montauk_tui.collectors import registry
from tests.support.stream import Made


class Result(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The only line on stderr, where nothing is on stdout."""
        assert self.out == ""
        assert self.err.endswith("\n")
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("montauk: ")
        return lines[0]


Command = Callable[..., Result]

Install = Callable[..., None]

PROGRAM = [sys.executable, "-m", "montauk_tui"]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Leave the settings of who runs the tests alone."""
    for name in list(os.environ):
        if name.startswith("MONTAUK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-settings"))


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command line in this process."""

    def run(*arguments: str) -> Result:
        try:
            code = cli.main(arguments)
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else -1
        return Result(code, *capsys.readouterr())

    return run


@pytest.fixture
def program() -> Command:
    """Run the command line as a program of its own, without a terminal."""

    def run(*arguments: str, **environment: str) -> Result:
        done = subprocess.run(
            [*PROGRAM, *arguments],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install collectors, best first."""

    def installed(*made: Made) -> None:
        by_name = {collector.name: collector for collector in made}
        monkeypatch.setattr(registry, "names", lambda: list(by_name))
        monkeypatch.setattr(registry, "load", by_name.__getitem__)

    return installed
