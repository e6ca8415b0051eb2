"""A program that looks into a process and cannot be started: one line says why."""

import errno
import os
import subprocess
import threading

import pytest

from montauk_tui.actions import tracing
from tests.support.acting import SIZE, app_with, said
from tests.support.children import child
from tests.support.monitor import running


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EAGAIN, "Resource temporarily unavailable"),
        (errno.EMFILE, "too few files may be open at once; raise the limit"),
        (errno.ENOMEM, "there is too little memory"),
    ],
    ids=["EAGAIN", "EMFILE", "ENOMEM"],
)
async def test_without_a_process_for_it_the_reason_is_told(
    number: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tracing, "find", lambda tools: tools[0])
    with child() as (_, identity):
        async with running(app_with(identity), SIZE) as monitor:
            with monkeypatch.context() as patch:
                patch.setattr(subprocess, "Popen", refuse)
                await monitor.press("s")
            assert monitor.is_alone
            assert words in said(monitor)
            assert said(monitor).startswith("system calls: ")


async def test_without_a_thread_for_it_the_reason_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(tracing, "find", lambda tools: tools[0])
    with child() as (_, identity):
        async with running(app_with(identity), SIZE) as monitor:
            with monkeypatch.context() as patch:
                patch.setattr(threading.Thread, "start", refuse)
                await monitor.press("s")
            assert monitor.is_alone
            assert "too few threads may be started" in said(monitor)
