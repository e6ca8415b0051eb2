"""What the signal that ended a process says: how, by whom, and in one sentence.

Only some kinds of signals come from the task that ran when they were sent: the OOM
killer, timers and terminals use whichever task runs.
"""

import signal
from collections.abc import Callable
from enum import Enum
from typing import Final

from montauk_tui.engine.units import bytes_text, exit_status_text, lifetime_text
from montauk_tui.model.deaths import Death, OutOfMemory, SentAs, Task
from montauk_tui.model.syscalls import syscall_name
from montauk_tui.model.text import clean

UserName = Callable[[int], str]

# si_code of sigaction(2), include/uapi/asm-generic/siginfo.h
_SI_USER: Final = 0
_SI_TIMER: Final = -2
_SI_MESGQ: Final = -3
_SI_ASYNCIO: Final = -4
_SI_TKILL: Final = -6
_SI_KERNEL: Final = 0x80
_SYS_SECCOMP: Final = 1

_SIGXCPU: Final = int(signal.SIGXCPU)
_SIGKILL: Final = int(signal.SIGKILL)
_TIMERS: Final = {signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF}
_OF_TERMINALS: Final = {
    signal.SIGHUP: "terminal or session closed",
    signal.SIGINT: "typed at its terminal",
    signal.SIGQUIT: "typed at its terminal",
}
_FAULTS: Final = {
    signal.SIGSEGV: "segfault",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "arithmetic error",
    signal.SIGILL: "illegal instruction",
    signal.SIGTRAP: "trap",
}


class How(Enum):
    """How a process was killed, in the words of JSON and of filters."""

    KILL = "kill"
    """A signal by a process, itself perhaps."""
    CGROUP = "cgroup"
    """cgroup.kill was written."""
    OOM = "oom"
    PARENT = "parent"
    """Its parent exited, or the thread that started it did (PR_SET_PDEATHSIG)."""
    INIT = "init"
    """The first process of its pid namespace exited."""
    TRACER = "tracer"
    """Its tracer exited (PTRACE_O_EXITKILL)."""
    TTY = "tty"
    RLIMIT = "rlimit"
    FAULT = "fault"
    ABORT = "abort"
    SECCOMP = "seccomp"
    TIMER = "timer"
    PIPE = "pipe"
    KERNEL = "kernel"
    """Another signal of the kernel."""


_EXITING: Final = {How.PARENT: ("parent", "started"), How.TRACER: ("tracer", "traced")}
_BY_SENDER: Final = {How.KILL, How.CGROUP, How.PARENT, How.INIT, How.TRACER}


def how(death: Death) -> How:
    """Return how it was killed."""
    match death.sent_as:
        case SentAs.WITH_INFO:
            return _with_info(death)
        case SentAs.BY_KERNEL:
            return _by_kernel(death)
    if death.is_own and death.signal == signal.SIGPIPE:
        return How.PIPE
    if death.is_own and death.signal == signal.SIGXFSZ:
        return How.RLIMIT
    if death.sender_exits and not death.is_own:
        return How.PARENT
    return How.CGROUP if death.signal == _SIGKILL else How.KERNEL


def _with_info(death: Death) -> How:
    if death.code == _SI_TKILL and death.is_own and death.signal == signal.SIGABRT:
        return How.ABORT
    if death.code == _SI_TIMER:
        return How.TIMER
    if death.code <= _SI_USER and death.code not in (_SI_MESGQ, _SI_ASYNCIO):
        # A process may send any code below 0 (rt_sigqueueinfo(2)).
        return How.KILL
    if death.code == _SYS_SECCOMP and death.signal == signal.SIGSYS:
        return How.SECCOMP
    if death.code > 0 and death.signal in _FAULTS:
        return How.FAULT
    return How.KERNEL


def _by_kernel(death: Death) -> How:
    number = death.signal
    if death.out_of_memory is not None:
        return How.OOM
    if number in _TIMERS:
        return How.TIMER
    if number in _OF_TERMINALS:
        return How.TTY
    if number == _SIGXCPU or (number == _SIGKILL and death.is_own and death.sees_oom):
        return How.RLIMIT
    if number == _SIGKILL and death.sender_exits and not death.is_own:
        return How.INIT if death.sender_is_init else How.TRACER
    return How.KERNEL


def killer(death: Death) -> Task | None:
    """Return the process to blame; None for the kernel, or one of no pid here."""
    if how(death) not in _BY_SENDER or not death.sender.pid:
        return None
    return death.sender


def fault_address(death: Death) -> int | None:
    """Return the address of a fault, None where the kernel gave none."""
    is_known = how(death) is How.FAULT and death.code != _SI_KERNEL
    return death.address if is_known else None


def forbidden_call(death: Death) -> str | None:
    """Return the system call that a seccomp filter forbade."""
    if how(death) is not How.SECCOMP:
        return None
    return syscall_name(death.arch, death.syscall)


def sentence(death: Death, user: UserName, *, core_dumped: bool = False) -> str:
    """Return why the process exited, in one sentence."""
    return _cause(death, user) + (", core dumped" if core_dumped else "")


def _cause(death: Death, user: UserName) -> str:
    kind = how(death)
    if kind in _BY_SENDER:
        return f"{_by(death, kind, user)}{_asked(death)}"
    if death.out_of_memory is not None and kind is How.OOM:
        return _out_of_memory(death.out_of_memory)
    return _BY_KERNEL[kind](death)


def _plain(text: str) -> Callable[[Death], str]:
    return lambda death: exit_status_text(death.signal) + text


def _limit(death: Death) -> str:
    is_file = death.signal == signal.SIGXFSZ
    limit = "file size limit (ulimit -f)" if is_file else "CPU time limit (ulimit -t)"
    return f"{exit_status_text(death.signal)}: {limit}"


def _terminal(death: Death) -> str:
    why = _OF_TERMINALS[signal.Signals(death.signal)]
    return f"{exit_status_text(death.signal)}: {why}"


def _fault(death: Death) -> str:
    what = _FAULTS[signal.Signals(death.signal)]
    address = fault_address(death)
    return what if address is None else f"{what} at {address:#x}"


_BY_KERNEL: Final[dict[How, Callable[[Death], str]]] = {
    How.FAULT: _fault,
    How.ABORT: lambda _: "abort()",
    How.SECCOMP: lambda death: f"seccomp: syscall {forbidden_call(death)}",
    How.RLIMIT: _limit,
    How.TTY: _terminal,
    How.TIMER: _plain(" by a timer"),
    How.PIPE: _plain(": broken pipe or socket"),
    How.KERNEL: _plain(" by the kernel"),
}


def _by(death: Death, kind: How, user: UserName) -> str:
    number, who = exit_status_text(death.signal), _name(death.sender)
    if death.is_own:
        return f"{number} by itself"
    match kind:
        case How.INIT:
            return f"{number}: {who}, init of its pid namespace, exited"
        case How.PARENT | How.TRACER:
            role, did = _EXITING[kind]
            if death.sender_lives:
                return f"{number}: the thread of {who} that {did} it exited"
            return f"{number}: {role} {who} exited"
        case How.CGROUP:
            return f"cgroup.kill by {who} ({user(death.sender.uid)})"
    return f"{number} by {who} ({user(death.sender.uid)})"


def _name(task: Task) -> str:
    name = clean(task.comm)
    return f"{name} {task.pid}" if task.pid else f"{name} of another pid namespace"


def _asked(death: Death) -> str:
    if death.request is None:
        return ""
    after = lifetime_text(death.request.before_ns / 1e9)
    return f", {after} after SIGTERM from {_name(death.request.sender)}"


def _out_of_memory(found: OutOfMemory) -> str:
    text = "out of memory"
    if found.limit_bytes is not None and found.cgroup is not None:
        limit = bytes_text(float(found.limit_bytes))
        text += f": cgroup limit {limit} of {clean(found.cgroup)}"
    if found.rss_bytes is not None:
        text += f", had {bytes_text(float(found.rss_bytes))}"
    return text
