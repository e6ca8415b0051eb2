"""Which process holds a PID now (proc_pid_stat(5), proc_pid_status(5))."""

import os
from pathlib import Path
from typing import Final, NamedTuple

from montauk_tui.model import own_proc
from montauk_tui.model.outcome import Outcome, Result
from montauk_tui.model.sample import Identity

_THREADS: Final = 17
_START: Final = 19
"""Places among the words behind the name, the state being 0."""

_EXITED: Final = (b"Z", b"X")


class Holder(NamedTuple):
    """The process that holds a PID."""

    start_ticks: int
    is_zombie: bool
    """Whether it has exited with all of its threads and has not been reaped."""


class Owner(NamedTuple):
    """Process and user of a process or thread."""

    tgid: int
    uid: int
    """The real user id."""


def holder(pid: int) -> Holder | None:
    """Return the process that holds a PID, None for none."""
    try:
        words = _words(f"/proc/{pid}/stat")
        # The leader may have exited before the other threads.
        is_zombie = words[0] in _EXITED and int(words[_THREADS]) <= 1
        return Holder(int(words[_START]), is_zombie)
    except (OSError, ValueError, IndexError):
        return None


def _words(path: str) -> list[bytes]:
    """Return what is behind the name in a stat file."""
    text = Path(path).read_bytes()
    # The name may hold `)`, spaces and newlines itself.
    return text[text.rindex(b") ") + 2 :].split()


def is_there(identity: Identity) -> bool:
    """Tell whether the PID is still that of this process."""
    found = holder(identity.pid)
    return found is not None and found.start_ticks == identity.start_ticks


def out_of_reach(identity: Identity) -> Result | None:
    """Return a refusal if /proc shows the PIDs of another namespace, else None."""
    if not own_proc.is_foreign():
        return None
    reason = (
        "/proc is that of another PID namespace, so another process would be hit: "
        "mount its own (unshare --mount-proc)"
    )
    return Result(identity, Outcome.REFUSED, reason)


def why_not(identity: Identity) -> Result | None:
    """Return why a process or thread cannot be acted on, None where it can."""
    if refused := out_of_reach(identity):
        return refused
    found = holder(identity.pid)
    if found is None or found.start_ticks != identity.start_ticks:
        return Result(identity, Outcome.EXITED)
    if found.is_zombie:
        reason = "a zombie has exited; only its parent can reap it"
        return Result(identity, Outcome.REFUSED, reason)
    return None


def owner(pid: int) -> Owner | None:
    """Return process and user of a PID, None where no process holds it."""
    try:
        text = Path(f"/proc/{pid}/status").read_bytes()
        fields = dict(line.split(b":", 1) for line in text.splitlines() if b":" in line)
        return Owner(int(fields[b"Tgid"]), int(fields[b"Uid"].split()[0]))
    except (OSError, ValueError, KeyError, IndexError):
        return None


def threads(pid: int) -> list[int]:
    """Return the ids of the live threads of a process, or that of a thread.

    A leader that has exited before the others stays in the list, and accepts any value
    without effect.
    """
    whose = owner(pid)
    if whose is None or whose.tgid != pid:
        return [pid]
    try:
        listed = sorted(map(int, os.listdir(f"/proc/{pid}/task")))  # noqa: PTH208
    except OSError:
        return [pid]
    alive = [tid for tid in listed if tid != pid or not _has_exited(pid)]
    return alive or [pid]


def first_thread(pid: int) -> int:
    """Return the thread whose values are taken for those of its process."""
    return threads(pid)[0]


def _has_exited(tid: int) -> bool:
    try:
        return _words(f"/proc/{tid}/stat")[0] in _EXITED
    except (OSError, ValueError, IndexError):
        return True
