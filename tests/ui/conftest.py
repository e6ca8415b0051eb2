"""What holds for every test of the screen: one place, one time, no settings."""

import os
import pty
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.monitor import StandingClock


@pytest.fixture(autouse=True)
def same_everywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Leave out who runs the tests, and where: times of day are in UTC."""
    for name in list(os.environ):
        if name.startswith(("MONTAUK_", "TEXTUAL_")) and "SNAPSHOT" not in name:
            monkeypatch.delenv(name)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-settings"))
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> StandingClock:
    """Let time stand still."""
    return StandingClock(monkeypatch)


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    """The two ends of a pseudo-terminal, that of the terminal first."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    yield master, slave
    os.close(master)
    os.close(slave)
