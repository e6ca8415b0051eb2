"""Who holds a PID right now (proc_pid_stat(5), proc_pid_status(5))."""

from pathlib import Path
from typing import Final, NamedTuple

from montauk_tui.actions.result import Outcome, Result
from montauk_tui.model import own_proc
from montauk_tui.model.sample import Identity

_THREADS: Final = 17
_START: Final = 19
"""Places among the words behind the name, the state being 0."""


class Holder(NamedTuple):
    """Who holds a PID."""

    start_ticks: int
    is_zombie: bool
    """Whether it ended, with all of its threads, and waits for its parent."""


class Owner(NamedTuple):
    """Whose a process or thread is."""

    tgid: int
    uid: int
    """The real user id."""


def holder(pid: int) -> Holder | None:
    """Return who holds a PID, None where nobody does."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
        # The name may hold `)`, spaces and newlines itself.
        words = text[text.rindex(b") ") + 2 :].split()
        # The first thread may have ended before the others.
        is_zombie = words[0] in b"ZX" and int(words[_THREADS]) <= 1
        return Holder(int(words[_START]), is_zombie)
    except (OSError, ValueError, IndexError):
        return None


def is_there(identity: Identity) -> bool:
    """Tell whether the PID is still that of this process."""
    found = holder(identity.pid)
    return found is not None and found.start_ticks == identity.start_ticks


def out_of_reach(identity: Identity) -> Result | None:
    """Return that nobody can be acted on, where /proc tells of other PIDs than ours."""
    if not own_proc.is_foreign():
        return None
    reason = (
        "/proc is that of another PID namespace, so another process would be hit: "
        "mount its own (unshare --mount-proc)"
    )
    return Result(identity, Outcome.REFUSED, reason)


def owner(pid: int) -> Owner | None:
    """Return whose a PID is, None where nobody holds it."""
    try:
        text = Path(f"/proc/{pid}/status").read_bytes()
        fields = dict(line.split(b":", 1) for line in text.splitlines() if b":" in line)
        return Owner(int(fields[b"Tgid"]), int(fields[b"Uid"].split()[0]))
    except (OSError, ValueError, KeyError, IndexError):
        return None
