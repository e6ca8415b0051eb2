"""Who waits for a collector is told, where it takes long."""

import errno
import sys

import pytest

from montauk_tui.export.waiting import Waiting


def told(
    capsys: pytest.CaptureFixture[str], *seconds: float, is_forced: bool = True
) -> list[str]:
    waiting = Waiting(is_forced=is_forced)
    for passed_s in seconds:
        waiting("kernel", passed_s)
    return capsys.readouterr().err.splitlines()


def test_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(capsys, *(second + 0.1 for second in range(40)))
    assert lines == [
        f"montauk: collector kernel: loading for {seconds} s; Ctrl-C cancels"
        for seconds in (3, 18, 33)
    ]


def test_not_where_it_is_soon_over(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, 1.0, 2.0) == []


def test_of_a_collector_nobody_asked_for_only_a_person_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told(capsys, 60.0, is_forced=False) == []
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert len(told(capsys, 60.0, is_forced=False)) == 1


def test_without_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    Waiting(is_forced=True)("kernel", 60.0)


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(errno.ENOSPC, "full")])
def test_a_stderr_that_takes_nothing_is_no_reason_to_stop(
    monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    written: list[str] = []

    def refuse(text: str) -> int:
        written.append(text)
        raise error

    monkeypatch.setattr(sys.stderr, "write", refuse)
    Waiting(is_forced=True)("kernel", 60.0)
    assert written
