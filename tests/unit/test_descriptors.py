"""The limit of open files, raised for montauk and not for what it starts."""

import resource
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import montauk_tui
from montauk_tui import descriptors

_SCRIPT: Final = """
import resource, subprocess, sys
from montauk_tui.descriptors import lower_limit_of, raise_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 300))
for wanted in map(int, sys.argv[1:]):
    print(raise_limit(wanted), *resource.getrlimit(resource.RLIMIT_NOFILE))
child = subprocess.Popen(["sleep", "1000"])
lower_limit_of(child.pid)
print(*resource.prlimit(child.pid, resource.RLIMIT_NOFILE))
child.kill()
child.wait()
lower_limit_of(child.pid)
"""


def said(*wanted: int) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, *map(str, wanted)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_it_is_raised_as_far_as_permitted_and_not_for_children() -> None:
    assert said(200, 1000) == ["200 200 300", "300 300 300", "100 300"]


def test_a_higher_limit_stays() -> None:
    assert said(50) == ["100 100 300", "100 300"]


def test_without_a_limit_it_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = resource.RLIM_INFINITY
    monkeypatch.setattr(resource, "getrlimit", lambda _: (endless, endless))
    monkeypatch.setattr(resource, "setrlimit", None)
    assert descriptors.raise_limit(1000) == 1000


def test_where_it_may_not_be_raised_it_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(resource, "getrlimit", lambda _: (100, 300))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    assert descriptors.raise_limit(1000) == 100


def test_all_that_start_a_program_lower_its_limit() -> None:
    for path in Path(montauk_tui.__file__).parent.rglob("*.py"):
        source = path.read_text("utf-8")
        starts = source.count(" subprocess.Popen(\n")
        # The guard itself was started with the lower limit.
        if starts and path.name != "guard.py":
            assert source.count(" lower_limit_of(process.pid)\n") == starts, path
