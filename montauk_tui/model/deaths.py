"""The signal that ended a process: what the kernel recorded of it, raw."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple


class SentAs(IntEnum):
    """The form of a signal's siginfo in the kernel (include/linux/sched/signal.h)."""

    NO_INFO = 0
    """SEND_SIG_NOINFO: from the kernel, on behalf of the running task."""
    BY_KERNEL = 1
    """SEND_SIG_PRIV: from the kernel."""
    WITH_INFO = 2
    """A siginfo with a code."""


class Task(NamedTuple):
    """A process that sent a signal."""

    pid: int
    """0: not in this pid namespace."""
    start_ticks: int
    uid: int
    """Effective user id."""
    comm: bytes
    cmdline: bytes | None = None
    """NUL-separated arguments; None for unknown."""


class Request(NamedTuple):
    """A SIGTERM before, which the process handled."""

    sender: Task
    before_ns: int
    """Time from it to the signal that ended the process."""


class OutOfMemory(NamedTuple):
    """What the OOM killer did; None where the kernel does not report it."""

    cgroup: bytes | None
    """Name of the cgroup that was full; None if the machine was."""
    limit_bytes: int | None
    used_bytes: int | None
    """Memory charged to that cgroup."""
    rss_bytes: int | None
    """Resident memory of the process."""
    oom_score_adj: int | None
    events: Mapping[str, int] | None = None
    """Counts of that cgroup so far: `oom`, `oom_kill`, `oom_group_kill`."""


@dataclass(frozen=True, slots=True)
class Death:
    """A signal that ended its target. `engine.causes` says what it means."""

    signal: int
    sent_as: SentAs
    code: int
    """si_code of sigaction(2); 0 without siginfo."""
    address: int
    """si_addr, which faults have."""
    syscall: int
    """si_syscall, which SIGSYS has."""
    arch: int
    """si_arch, AUDIT_ARCH_* of include/uapi/linux/audit.h."""
    sender: Task
    """The task that ran on the CPU: not always the cause."""
    is_own: bool
    """Whether the sender is the process itself."""
    sender_exits: bool
    """Whether the sender was exiting, or a thread of it was."""
    sender_is_init: bool
    """Whether the sender is the first process of its pid namespace."""
    request: Request | None = None
    out_of_memory: OutOfMemory | None = None
    """None if the OOM killer did not choose it."""
    sees_oom: bool = True
    """Whether the choices of the OOM killer are recorded."""
    sender_lives: bool = False
    """Whether the process of a thread that was exiting lived on."""
