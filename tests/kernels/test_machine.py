"""How the machine is started and ended, with other programs in its place."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.kernels import machine
from tests.kernels.machine import Limits, Outcome
from tests.kernels.packages import Kernel
from tests.kernels.tools import CannotSetUpError

KERNEL = Kernel("6.1.0-50-amd64", Path("vmlinuz"))
SURVIVOR = "{ sleep 5; echo survived; }"


def run(folder: Path, limits: Limits) -> Outcome:
    return machine.run(Path("vng"), KERNEL, ["true"], folder / "results", limits)


def ends_with_its_children(script: str) -> int:
    """Return the status of a shell, once nothing holds its output open any more."""
    reading, writing = os.pipe()
    try:
        return machine.supervised(["sh", "-c", script], dict(os.environ), writing)
    finally:
        os.close(writing)
        with os.fdopen(reading, "rb") as output:
            assert output.read() == b"started\n"


def test_what_is_left_running_is_ended() -> None:
    assert ends_with_its_children(f"{SURVIVOR} & echo started; exit 3") == 3


def test_everything_is_ended_when_the_wait_is_interrupted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "ready")

    def interrupted(*_: object) -> None:
        (tmp_path / "ready").read_text("utf-8")
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "waitid", interrupted)
    ready = shlex.quote(str(tmp_path / "ready"))
    with pytest.raises(KeyboardInterrupt):
        ends_with_its_children(f"{SURVIVOR} & echo started; echo >{ready}; sleep 5")


def test_a_machine_that_says_why_it_does_not_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command = ["sh", "-c", "echo first; echo no such thing; exit 4"]
    monkeypatch.setattr(machine, "machine", lambda *_: command)
    with pytest.raises(CannotSetUpError, match=r"did not boot: no such thing$"):
        run(tmp_path, Limits(60, 60, 60))


def test_a_machine_that_takes_too_long(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command = ["sleep", "1000"]
    monkeypatch.setattr(machine, "machine", lambda *_: command)
    with pytest.raises(CannotSetUpError, match=r"did not boot: not within 0\.1 s"):
        run(tmp_path, Limits(0.1, 60, 0.1))


def test_a_machine_that_hangs_after_some_results(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The limit is one for each result: three slow ones are none too many."""
    results = tmp_path / "results"
    script = (
        f"cd {shlex.quote(str(results))}; echo 1 >started; "
        "for n in 1 2 3; do echo 0 >$n.code; done; sleep 1000"
    )
    given: list[float] = []

    class Impatient:
        def __init__(self, calm_s: float, most_s: float) -> None:
            given.append(calm_s)
            assert most_s == 1000

        def is_over(self) -> bool:
            return (results / "3.code").exists()

    monkeypatch.setattr(machine, "machine", lambda *_: ["sh", "-c", script])
    monkeypatch.setattr(machine, "Patience", Impatient)
    outcome = run(tmp_path, Limits(70, 60, 1000))
    assert outcome.timed_out
    assert outcome.started
    assert len(list(results.glob("*.code"))) == 3
    assert given[0] == 70
    assert set(given[1:]) == {60}


def test_the_guest_is_told_everything_whatever_it_is_called(tmp_path: Path) -> None:
    results = tmp_path / "it's here"
    results.mkdir()
    script = machine.guest_script(["echo", "two words"], results)
    variables, _, last = script.rstrip().rpartition("\n")
    assert shlex.split(last)[3:] == ["echo", "two words"]
    shown = subprocess.run(
        ["sh", "-c", f'{variables}\necho "$RESULTS"'],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout == f"{results}\n"
