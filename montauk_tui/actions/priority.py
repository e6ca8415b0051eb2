"""Nice value, CPU affinity and scheduling policy of processes and threads.

A process means all of its threads, since the kernel keeps these values by thread. There
is no system call that takes a pidfd: the start time is compared before and after.
"""

import errno
import os
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Final

from montauk_tui.actions import pid_owner
from montauk_tui.model.names import REAL_TIME
from montauk_tui.model.outcome import Outcome, Result, not_permitted
from montauk_tui.model.sample import Identity

LOWEST_NICE: Final = -20
HIGHEST_NICE: Final = 19

POLICIES: Final = {
    "other": os.SCHED_OTHER,
    "batch": os.SCHED_BATCH,
    "idle": os.SCHED_IDLE,
    "fifo": os.SCHED_FIFO,
    "rr": os.SCHED_RR,
}
"""Scheduling policies by name (sched(7)); the last two have a priority."""


_EXITED_MEANWHILE: Final = "exited while it was changed"


def change(
    identity: Identity, task: Callable[[int], None], hints: dict[int, str] | None = None
) -> Result:
    """Do something to a thread, or to every thread of a process.

    Args:
        identity: A thread, or a process.
        task: Is given the id of each thread; may raise OSError.
        hints: By error number: what would permit it, or why it is refused.
    """
    if refused := pid_owner.why_not(identity):
        return refused
    whose = pid_owner.owner(identity.pid)
    try:
        for thread in pid_owner.threads(identity.pid):
            _one(identity.pid, thread, task)
    except OSError as error:
        return _refusal(identity, error.errno or 0, whose, hints or {})
    if not pid_owner.is_there(identity):
        return Result(identity, Outcome.EXITED, _EXITED_MEANWHILE)
    return Result(identity, Outcome.DONE)


def _refusal(
    identity: Identity,
    number: int,
    whose: pid_owner.Owner | None,
    hints: dict[int, str],
) -> Result:
    if number == errno.EPERM:
        permit = hints.get(number, "CAP_SYS_NICE")
        return not_permitted(identity, whose and whose.uid, permit)
    if number == errno.EACCES:
        return Result(identity, Outcome.NOT_PERMITTED, hints.get(number, "needs root"))
    return Result(identity, Outcome.REFUSED, hints.get(number) or os.strerror(number))


def _one(pid: int, thread: int, task: Callable[[int], None]) -> None:
    """Do it to one thread, unless it has exited since they were listed."""
    if Path(f"/proc/{pid}/task/{thread}").exists():
        with suppress(ProcessLookupError):
            task(thread)


def add_nice(identity: Identity, step: int) -> Result:
    """Add to the nice value of every thread, within the allowed range."""
    return _renice(identity, lambda now: now + step)


def set_nice(identity: Identity, value: int) -> Result:
    """Set the nice value of every thread."""
    return _renice(identity, lambda _: value)


def _renice(identity: Identity, new: Callable[[int], int]) -> Result:
    if refused := pid_owner.why_not(identity):
        return refused
    try:
        before = os.getpriority(os.PRIO_PROCESS, pid_owner.first_thread(identity.pid))
    except OSError:
        return Result(identity, Outcome.EXITED)
    after = _limited(new(before))
    if after == before != new(before):
        return Result(identity, Outcome.REFUSED, f"the nice value is {before} already")

    def task(thread: int) -> None:
        value = _limited(new(os.getpriority(os.PRIO_PROCESS, thread)))
        os.setpriority(os.PRIO_PROCESS, thread, value)

    lower = "a lower value needs root, CAP_SYS_NICE or a higher RLIMIT_NICE"
    result = change(identity, task, {errno.EACCES: lower})
    if result.outcome is Outcome.DONE:
        return Result(identity, Outcome.DONE, f"now {after}")
    return result


def _limited(nice: int) -> int:
    return max(LOWEST_NICE, min(nice, HIGHEST_NICE))


def affinity(pid: int) -> frozenset[int]:
    """Return the CPUs that a process or thread may run on; none if it has exited."""
    try:
        return frozenset(os.sched_getaffinity(pid_owner.first_thread(pid)))
    except OSError:
        return frozenset()


def set_affinity(identity: Identity, cpus: Collection[int]) -> Result:
    """Let every thread run on these CPUs only."""
    if not cpus:
        return Result(identity, Outcome.REFUSED, "it needs at least one CPU")
    reason = "it is bound to its CPU, or its cpuset has none of these"
    return change(
        identity,
        lambda thread: os.sched_setaffinity(thread, cpus),
        {errno.EINVAL: reason},
    )


def policy(pid: int) -> str:
    """Return the name of a policy; empty for unknown, or if the process has exited."""
    try:
        number = (
            os.sched_getscheduler(pid_owner.first_thread(pid)) & ~os.SCHED_RESET_ON_FORK
        )
    except OSError:
        return ""
    return next((name for name, known in POLICIES.items() if known == number), "")


def set_policy(identity: Identity, name: str, priority: int = 0) -> Result:
    """Set the policy of every thread; `priority` is for real-time ones, 1 to 99."""

    def task(thread: int) -> None:
        kept = os.sched_getscheduler(thread) & os.SCHED_RESET_ON_FORK
        level = os.sched_param(priority)
        os.sched_setscheduler(thread, POLICIES[name] | kept, level)

    hints = {errno.EINVAL: "no such priority, or not for this kind of process"}
    if name in REAL_TIME:
        hints[errno.EPERM] = "CAP_SYS_NICE (its owner: RLIMIT_RTPRIO)"
    return change(identity, task, hints)
