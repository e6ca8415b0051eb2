"""Kernel attributes of a process: namespaces, capabilities, signals, scheduling."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from montauk_tui.collectors.procfs.details.subject import (
    ADMIN,
    TRACE,
    Subject,
    is_number,
    number,
    numbers,
    tried,
    why,
)
from montauk_tui.model.details import Amount, Datum, Section, Table, Unit
from montauk_tui.model.names import POLICIES, STATES
from montauk_tui.model.syscalls import native_syscall_name
from montauk_tui.model.text import clean

_MASK_DIGITS: Final = 32
_SYSCALL_STACK: Final = 7
"""Place of the stack pointer in /proc/PID/syscall (proc_pid_syscall(5))."""


def namespaces(subject: Subject) -> Section:
    """Return the namespaces, and which differ from montauk's (namespaces(7))."""
    try:
        names = sorted(subject.folder.names("ns"))
    except OSError as error:
        return Section("namespaces", "Namespaces", reason=why(error))
    return Section(
        "namespaces",
        "Namespaces",
        tuple(_namespace(subject, name) for name in names),
        note="beside montauk's",
    )


def _namespace(subject: Subject, name: str) -> Datum:
    label = clean(os.fsencode(name)).replace("_", " ")
    datum = tried(label, lambda: clean(subject.folder.link(f"ns/{name}")))
    if not isinstance(datum.value, str):
        return datum
    number_text = datum.value.partition("[")[2].rstrip("]")
    try:
        own = clean(os.fsencode(os.readlink(f"{subject.root}/self/ns/{name}")))  # noqa: PTH115 - no Path for one link
    except OSError:
        return Datum(label, number_text)
    is_same = own == datum.value
    note = "" if is_same else "not montauk's"
    return Datum(label, number_text, note=note, notable=not is_same)


_CAPABILITY_LIST: Final = (
    "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap "
    "linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock "
    "ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot "
    "sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write "
    "audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend "
    "audit_read perfmon bpf checkpoint_restore"
)

_CAPABILITIES: Final = tuple(_CAPABILITY_LIST.split())
"""By bit (include/uapi/linux/capability.h)."""

_ANSWERS: Final = {"0": "no", "1": "yes"}
_SECCOMP: Final = {"0": "off", "1": "strict", "2": "filter"}


def capabilities(subject: Subject) -> Section:
    """Return the capabilities of a process (capabilities(7))."""
    kinds = {
        "CapEff": "Effective",
        "CapPrm": "Permitted",
        "CapInh": "Inheritable",
        "CapAmb": "Ambient",
        "CapBnd": "Bounding",
    }
    data = [
        tried(label, lambda line=line: capability_names(_mask(subject, line)))  # type: ignore[misc] # of a lambda with a default
        for line, label in kinds.items()
    ]
    data += [
        tried("No new privileges", lambda: _named(subject, "NoNewPrivs", _ANSWERS)),
        tried("Seccomp", lambda: _named(subject, "Seccomp", _SECCOMP)),
    ]
    return Section("capabilities", "Capabilities", tuple(data))


def _named(subject: Subject, line: str, names: Mapping[str, str]) -> str:
    text = subject.status_text(line)
    return names.get(text, text)


def _mask(subject: Subject, line: str) -> int:
    """Return a line of hexadecimal digits as a number.

    Raises:
        OSError: There is no such line.
        ValueError: It is not a number.
    """
    return int(subject.status_text(line)[:_MASK_DIGITS], 16)


def _last_capability() -> int:
    try:
        text = Path("/proc/sys/kernel/cap_last_cap").read_bytes()
        return min(int(text), 127)
    except (OSError, ValueError):
        return len(_CAPABILITIES) - 1


def capability_names(mask: int) -> str:
    """Return the names of the bits: `none`, `all`, `all but ...` or a list."""
    count = _last_capability() + 1
    names = [
        _CAPABILITIES[bit] if bit < len(_CAPABILITIES) else f"cap_{bit}"
        for bit in range(count)
    ]
    held = [name for bit, name in enumerate(names) if mask >> bit & 1]
    if not held:
        return "none"
    lacking = [name for name in names if name not in held]
    if not lacking:
        return "all"
    if len(lacking) < len(held):
        return "all but " + " ".join(lacking)
    return " ".join(held)


def signals(subject: Subject) -> Section:
    """Return the signals pending, blocked, ignored and caught (signal(7))."""
    kinds = {
        "SigPnd": "Pending, of the thread",
        "ShdPnd": "Pending",
        "SigBlk": "Blocked",
        "SigIgn": "Ignored",
        "SigCgt": "Caught",
    }
    return Section(
        "signals",
        "Signals",
        tuple(
            tried(label, lambda line=line: signal_names(_mask(subject, line)))  # type: ignore[misc] # of a lambda with a default
            for line, label in kinds.items()
        ),
    )


def signal_names(mask: int) -> str:
    """Return the names of the signals in a mask, without `SIG`."""
    numbers_in = [bit + 1 for bit in range(64) if mask >> bit & 1]
    return " ".join(map(_signal_name, numbers_in)) or "none"


def _signal_name(which: int) -> str:
    try:
        return signal.Signals(which).name.removeprefix("SIG")
    except ValueError:
        after = which - signal.SIGRTMIN
        return f"RTMIN{after:+d}" if after else "RTMIN"


def scheduling(subject: Subject) -> Section:
    """Return the scheduling of a process (sched(7)) and its OOM score."""
    policy = subject.number("policy")
    data = [
        Datum("Policy", POLICIES.get(policy, str(policy)), notable=policy != 0),
        Datum("Nice", str(subject.number("nice"))),
        Datum("Priority", str(subject.number("priority"))),
        Datum("Real-time priority", str(subject.number("rt_priority"))),
        tried("Allowed CPUs", lambda: subject.status_text("Cpus_allowed_list")),
        Datum("Last CPU", str(subject.number("processor"))),
        tried("Voluntary switches", lambda: _count(subject, "voluntary_ctxt_switches")),
        tried("Involuntary switches", lambda: _count(
            subject, "nonvoluntary_ctxt_switches"
        )),
        tried("Waited for a CPU", lambda: _queue_wait(subject)),
        tried("OOM score", lambda: _one(subject, "oom_score")),
        tried("OOM adjustment", lambda: _one(subject, "oom_score_adj")),
        tried("Autogroup", lambda: _autogroup(subject)),
    ]  # fmt: skip
    return Section("scheduling", "Scheduling", tuple(data))


def _autogroup(subject: Subject) -> str:
    """Return its autogroup; the file is empty where it is in none (sched(7))."""
    return clean(subject.folder.read("autogroup").strip()) or "none"


def _count(subject: Subject, line: str) -> Amount:
    return Amount(number(subject.status_text(line)))


def _one(subject: Subject, name: str) -> str:
    return str(number(clean(subject.folder.read(name).strip())))


def _queue_wait(subject: Subject) -> Amount:
    """Return how long the leader was ready and did not run (sched-stats)."""
    times = numbers(clean(subject.folder.read("schedstat").strip()))
    if len(times) < 2:  # noqa: PLR2004 - ran, waited, turns
        reason = "too few numbers"
        raise ValueError(reason)
    return Amount(times[1] / 1e9, Unit.DURATION)


def kernel(subject: Subject) -> Section:
    """Return the kernel function a process waits in (proc_pid_wchan(5))."""
    data = [_wait_channel(subject), tried("System call", lambda: _syscall(subject))]
    table = None
    try:
        stack = clean(subject.folder.read("stack").strip()).split("\\n")
    except OSError as error:
        data.append(Datum("Stack", reason=why(error, ADMIN)))
    else:
        frames = [line.removeprefix("[<0>] ") for line in stack if line]
        table = Table(("STACK",), tuple((frame,) for frame in frames or ["empty"]))
    return Section("kernel", "In the kernel", tuple(data), table)


def _wait_channel(subject: Subject) -> Datum:
    datum = tried("Waits in", lambda: clean(subject.folder.read("wchan").strip()))
    if datum.value not in ("0", ""):
        return datum
    # The kernel prints 0 both for not waiting and for not permitted.
    if subject.state in "SDI":
        return Datum(datum.label, reason=TRACE)
    state = STATES.get(subject.state, subject.state)
    return Datum(datum.label, f"nothing: {state}")


def _syscall(subject: Subject) -> str:
    words = clean(subject.folder.read("syscall").strip()).split()
    first = words[0] if words else ""
    if not is_number(first):
        return {"-1": "none"}.get(first, first)
    # The stack of a 32-bit program, with numbers of its own, ends below 4 GiB.
    has_stack = len(words) > _SYSCALL_STACK and words[_SYSCALL_STACK].startswith("0x")
    if not has_stack or not int(words[_SYSCALL_STACK], 16) >> 32:
        return f"number {first}"
    name = native_syscall_name(int(first))
    return f"number {name}" if name == first else name
