"""Signals that ended processes, made by hand."""

from typing import Any

from montauk_tui.model.deaths import Death, SentAs, Task

SENDER = Task(812, 500, 0, b"systemd-oomd", b"/usr/lib/systemd/systemd-oomd\0")


def make_death(**facts: Any) -> Death:
    """Return SIGKILL by kill(2), but for `facts`."""
    usual: dict[str, Any] = {
        "signal": 9,
        "sent_as": SentAs.WITH_INFO,
        "code": 0,
        "address": 0,
        "syscall": 0,
        "arch": 0,
        "sender": SENDER,
        "is_own": False,
        "sender_exits": False,
        "sender_is_init": False,
    }
    return Death(**{**usual, **facts})
