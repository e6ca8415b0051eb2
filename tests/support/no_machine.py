"""A machine that the program must not look at: every access is refused and told."""

import builtins
import ctypes
import io
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, Final

import pytest

_FILES: Final = (
    (os, "open"), (os, "stat"), (os, "lstat"), (os, "readlink"), (os, "listdir"),
    (os, "scandir"), (os, "access"), (builtins, "open"), (io, "open"),
)  # fmt: skip
_CALLS: Final = (
    (os, "kill"), (os, "pidfd_open"), (os, "sched_getaffinity"), (os, "getpriority"),
    (signal, "pidfd_send_signal"), (ctypes, "CDLL"),
)  # fmt: skip


class NoMachine:
    """What the program reads of /proc and /sys, and does to processes: nothing."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.touched: list[str] = []
        for module, name in _FILES:
            patch.setattr(module, name, self._guard(getattr(module, name), name))
        for module, name in _CALLS:
            patch.setattr(module, name, self._guard(getattr(module, name), name, "*"))

    def _guard(
        self, real: Callable[..., Any], name: str, whom: str = ""
    ) -> Callable[..., Any]:
        def guarded(*args: Any, **kwargs: Any) -> Any:
            path = whom or _path(name, args, kwargs)
            if path and _is_of_program():
                self.touched.append(f"{name} {path}")
                raise PermissionError(name, path)
            return real(*args, **kwargs)

        return guarded


def _path(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Return the path of the machine that a call names, empty for any other."""
    first = args[0] if args else kwargs.get("path", "")
    if name == "listdir" and isinstance(first, int):
        return "an open folder"
    if not isinstance(first, str | bytes | os.PathLike):
        return ""
    path = os.fsdecode(first)
    if kwargs.get("dir_fd") is not None or path.startswith(("/proc", "/sys")):
        return path
    return ""


def _is_of_program() -> bool:
    """Tell whether the program is calling, not the test or what the test waits with."""
    frame = sys._getframe(2)  # noqa: SLF001 - there is no other
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.startswith("tests.support.patience"):
            return False
        if name.startswith("montauk_tui"):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
