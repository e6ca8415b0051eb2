"""The signals of this machine: names, meanings, and the usual ones."""

import signal
from typing import Final

DEFAULT: Final = int(signal.SIGTERM)

USUAL: Final = tuple(
    int(it)
    for it in (
        signal.SIGTERM, signal.SIGKILL, signal.SIGHUP, signal.SIGINT, signal.SIGSTOP,
        signal.SIGCONT,
    )
)  # fmt: skip
"""What people send, the most frequent first."""

_MEANINGS: Final = {
    "SIGHUP": "Hang up; many daemons reload their settings",
    "SIGINT": "Interrupt, like Ctrl-C",
    "SIGQUIT": "Quit and dump core, like Ctrl-\\",
    "SIGILL": "Illegal instruction",
    "SIGTRAP": "Breakpoint or trace trap",
    "SIGABRT": "Abort and dump core",
    "SIGBUS": "Bus error: memory that is not there",
    "SIGFPE": "Arithmetic error, such as division by zero",
    "SIGKILL": "Kill at once; cannot be caught",
    "SIGUSR1": "Up to the program",
    "SIGSEGV": "Invalid memory access",
    "SIGUSR2": "Up to the program",
    "SIGPIPE": "Write to a pipe without readers",
    "SIGALRM": "Timer set by alarm expired",
    "SIGTERM": "Terminate; the program may clean up first",
    "SIGSTKFLT": "Unused",
    "SIGCHLD": "A child exited or stopped",
    "SIGCONT": "Continue after a stop",
    "SIGSTOP": "Stop until SIGCONT; cannot be caught",
    "SIGTSTP": "Stop, like Ctrl-Z",
    "SIGTTIN": "Read from the terminal in the background",
    "SIGTTOU": "Write to the terminal in the background",
    "SIGURG": "Urgent data on a socket",
    "SIGXCPU": "CPU time limit exceeded",
    "SIGXFSZ": "File size limit exceeded",
    "SIGVTALRM": "CPU timer expired",
    "SIGPROF": "Profiling timer expired",
    "SIGWINCH": "Terminal window resized",
    "SIGIO": "Input or output is possible",
    "SIGPWR": "Power failure",
    "SIGSYS": "Bad system call",
    "SIGRTMIN": "First real-time signal",
    "SIGRTMAX": "Last real-time signal",
}
"""What each does or tells, as in signal(7)."""


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
    """Return the meaning of a signal; empty for none."""
    return _MEANINGS.get(NAMES.get(number, ""), "")
