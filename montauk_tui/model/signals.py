"""The signals of this machine: names, meanings, and the usual one."""

import signal
from typing import Final

DEFAULT: Final = int(signal.SIGTERM)


def _names() -> dict[int, str]:
    first, last = int(signal.SIGRTMIN), int(signal.SIGRTMAX)
    known = {int(number): number.name for number in signal.Signals}
    real_time = {
        number: f"SIGRTMIN+{number - first}" for number in range(first + 1, last)
    }
    every = {**known, **real_time}
    return {number: every[number] for number in sorted(every)}


NAMES: Final = _names()
"""The name of every signal by its number, ascending."""


def meaning(number: int) -> str:
    """Return the meaning of a signal in the C library's words; empty for none."""
    return signal.strsignal(number) or "" if number in set(signal.Signals) else ""
