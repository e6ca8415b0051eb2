"""A program that looks into a process, and why it cannot be started."""

import errno
import os
import subprocess
import threading
from collections.abc import Callable

import pytest

from montauk_tui.actions import tracing
from montauk_tui.session.effects import Watch
from tests.support.acting import desk_with
from tests.support.children import child, identity_of


def refuse_process(number: int) -> Callable[..., None]:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EAGAIN, "Resource temporarily unavailable"),
        (errno.EMFILE, "too many open files; raise the limit"),
        (errno.ENOMEM, "out of memory"),
    ],
    ids=["EAGAIN", "EMFILE", "ENOMEM"],
)
def test_without_a_process_for_it_the_reason_is_told(
    number: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "find", lambda tools: tools[0])
    with child() as (_, identity):
        desk = desk_with(identity)
        with monkeypatch.context() as patch:
            patch.setattr(subprocess, "Popen", refuse_process(number))
            desk.run("trace")
        assert words in desk.said
        assert desk.said.startswith("system calls: ")


def test_without_a_thread_for_it_the_reason_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(tracing, "find", lambda tools: tools[0])
    with child() as (_, identity):
        desk = desk_with(identity)
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            desk.run("trace")
        assert "cannot start a thread" in desk.said


def test_where_no_program_is_installed_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tracing, "find", lambda _: None)
    with child() as (_, identity):
        desk = desk_with(identity)
        desk.run("backtrace")
        assert desk.said == f"backtrace: {tracing.missing(tracing.BACKTRACE)}"


def test_a_process_that_may_not_be_stopped_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tracing, "find", lambda tools: tools[0])
    desk = desk_with(identity_of(os.getpid()))
    desk.run("trace")
    assert desk.said.startswith(f"system calls: PID {os.getpid()} refused: ")


def test_what_it_says_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "find", lambda tools: tools[0])
    started: list[object] = []
    monkeypatch.setattr(tracing, "Running", lambda *whom: started.append(whom))
    with child() as (_, identity):
        desk = desk_with(identity)
        desk.run("trace")
        (effect,) = desk.effects
        assert isinstance(effect, Watch)
        assert effect.name == "child0"
        assert started == [(identity, tracing.TRACE[0])]
