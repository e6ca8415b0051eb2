"""The calls that set and get an I/O priority."""

import errno
import os
import platform

import pytest

from montauk_tui.model import ioprio


def test_the_kernel_is_asked() -> None:
    ioprio._library.cache_clear()  # noqa: SLF001 - as in a new process
    assert ioprio.call(ioprio.GET, ioprio.WHO_PROCESS, os.getpid()) >= 0


def test_what_the_kernel_refuses_is_an_error() -> None:
    with pytest.raises(OSError, match=os.strerror(errno.EINVAL)):
        ioprio.call(ioprio.GET, 99, 0)


def test_a_machine_whose_numbers_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "vax")
    with pytest.raises(OSError, match=os.strerror(errno.ENOSYS)):
        ioprio.call(ioprio.GET, ioprio.WHO_PROCESS, 0)
