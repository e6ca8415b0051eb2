"""The nice value of an autogroup: all processes of a session share one (sched(7)).

The file of a process is opened first and its start time read after that: the open file
is of that process, whichever process gets its PID later (proc_pid_autogroup(5)).
"""

import errno
import os
import re
from pathlib import Path
from typing import Final

from montauk_tui.actions import pid_owner
from montauk_tui.actions.priority import HIGHEST_NICE, LOWEST_NICE
from montauk_tui.model.outcome import Outcome, Result, not_permitted
from montauk_tui.model.sample import Identity

_LINE: Final = re.compile(rb"^/(autogroup-\d+) nice (-?\d+)$")
_SWITCH: Final = "sys/kernel/sched_autogroup_enabled"
_LEAST: Final = 64
"""Bytes; the longest line has 36."""

_HINTS: Final = {
    errno.EAGAIN: "only root may change it more than ten times a second",
    errno.ENOENT: "this kernel has no autogroups (CONFIG_SCHED_AUTOGROUP)",
}
_LOWER: Final = "a lower value needs root, CAP_SYS_NICE or a higher RLIMIT_NICE"


class AutogroupNice:
    """Adds to the nice value of the autogroup of each process, once a group."""

    def __init__(self, step: int, root: str = "/proc") -> None:
        """Add `step` within the allowed range; /proc is at `root`."""
        self._step = step
        self._root = Path(root)
        self._done: dict[str, int] = {}
        """The new values of groups that were changed already."""

    def add(self, identity: Identity) -> Result:
        """Add to the value of the group that a process is in."""
        if refused := pid_owner.out_of_reach(identity):
            return refused
        if self._is_off():
            reason = "autogroups are off: sysctl kernel.sched_autogroup_enabled=1"
            return Result(identity, Outcome.REFUSED, reason)
        try:
            path = self._root / str(identity.pid) / "autogroup"
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            return _refusal(identity, error)
        try:
            if not pid_owner.is_there(identity):
                return Result(identity, Outcome.EXITED)
            return self._add(file, identity)
        except OSError as error:
            return _refusal(identity, error)
        finally:
            os.close(file)

    def _is_off(self) -> bool:
        try:
            return (self._root / _SWITCH).read_bytes().strip() == b"0"
        except OSError:
            return False

    def _add(self, file: int, identity: Identity) -> Result:
        found = _LINE.match(os.read(file, _LEAST).rstrip())
        if found is None:
            reason = "it is in no autogroup: its session began without one"
            return Result(identity, Outcome.REFUSED, reason)
        name, before = found[1].decode(), int(found[2])
        if name not in self._done:
            after = max(LOWEST_NICE, min(before + self._step, HIGHEST_NICE))
            if after == before:
                reason = f"{name} has {before} already"
                return Result(identity, Outcome.REFUSED, reason)
            os.write(file, b"%d\n" % after)
            self._done[name] = after
        return Result(identity, Outcome.DONE, f"{name} has {self._done[name]} now")


def _refusal(identity: Identity, error: OSError) -> Result:
    """Return why the file cannot be opened, or not be written."""
    number = error.errno or 0
    if number == errno.ESRCH or not pid_owner.is_there(identity):
        return Result(identity, Outcome.EXITED)
    if number == errno.EACCES:
        whose = pid_owner.owner(identity.pid)
        return not_permitted(identity, whose and whose.uid, "CAP_DAC_OVERRIDE")
    if number == errno.EPERM:
        return Result(identity, Outcome.NOT_PERMITTED, _LOWER)
    return Result(identity, Outcome.REFUSED, _HINTS.get(number) or os.strerror(number))
