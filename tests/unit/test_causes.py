"""What a fatal signal says: each kind of siginfo, as one word and one sentence."""

import signal
from typing import Any

import pytest

from montauk_tui.engine.causes import (
    How,
    fault_address,
    forbidden_call,
    how,
    killer,
    sentence,
)
from montauk_tui.model.deaths import Death, OutOfMemory, Request, SentAs, Task
from tests.support.deaths import SENDER, make_death

NO_INFO, BY_KERNEL = SentAs.NO_INFO, SentAs.BY_KERNEL
X86_64 = 0xC000003E
MIB = 1 << 20
FULL = OutOfMemory(b"api.slice", 512 * MIB, 511 * MIB, 498 * MIB, 0)
OF_THE_MACHINE = OutOfMemory(None, None, None, 2048 * MIB, 0)
PID_ALONE = OutOfMemory(None, None, None, None, None)


def user(uid: int) -> str:
    return {0: "root"}.get(uid, str(uid))


def said(death: Death) -> str:
    return sentence(death, user)


KINDS: list[tuple[dict[str, Any], How, str]] = [
    ({}, How.KILL, "SIGKILL by systemd-oomd 812 (root)"),
    ({"signal": 15, "code": -1}, How.KILL, "SIGTERM by systemd-oomd 812 (root)"),
    ({"signal": 15, "code": -42}, How.KILL, "SIGTERM by systemd-oomd 812 (root)"),
    ({"signal": 15, "code": -60}, How.KILL, "SIGTERM by systemd-oomd 812 (root)"),
    ({"signal": 15, "code": -3}, How.KERNEL, "SIGTERM by the kernel"),
    ({"signal": 29, "code": -4}, How.KERNEL, "SIGIO by the kernel"),
    ({"signal": 6, "code": -6}, How.KILL, "SIGABRT by systemd-oomd 812 (root)"),
    ({"is_own": True}, How.KILL, "SIGKILL by itself"),
    (
        {"sent_as": NO_INFO},
        How.CGROUP,
        "cgroup.kill by systemd-oomd 812 (root)",
    ),
    (
        {"sent_as": NO_INFO, "sender_exits": True, "signal": 15},
        How.PARENT,
        "SIGTERM: parent systemd-oomd 812 exited",
    ),
    (
        {"sent_as": NO_INFO, "sender_exits": True, "sender_lives": True},
        How.PARENT,
        "SIGKILL: the thread of systemd-oomd 812 that started it exited",
    ),
    (
        {"sent_as": BY_KERNEL, "sender_exits": True, "sender_lives": True},
        How.TRACER,
        "SIGKILL: the thread of systemd-oomd 812 that traced it exited",
    ),
    (
        {"sent_as": BY_KERNEL, "out_of_memory": FULL},
        How.OOM,
        "out of memory: cgroup limit 512M of api.slice, had 498M",
    ),
    (
        {"sent_as": BY_KERNEL, "out_of_memory": OF_THE_MACHINE, "is_own": True},
        How.OOM,
        "out of memory, had 2.0G",
    ),
    (
        {"sent_as": BY_KERNEL, "out_of_memory": PID_ALONE, "sees_oom": False},
        How.OOM,
        "out of memory",
    ),
    (
        {"sent_as": BY_KERNEL, "is_own": True},
        How.RLIMIT,
        "SIGKILL: CPU time limit (ulimit -t)",
    ),
    (
        {"sent_as": BY_KERNEL, "is_own": True, "sees_oom": False},
        How.KERNEL,
        "SIGKILL by the kernel",
    ),
    ({"sent_as": BY_KERNEL}, How.KERNEL, "SIGKILL by the kernel"),
    (
        {"sent_as": BY_KERNEL, "signal": int(signal.SIGXCPU), "is_own": True},
        How.RLIMIT,
        "SIGXCPU: CPU time limit (ulimit -t)",
    ),
    (
        {"sent_as": NO_INFO, "signal": int(signal.SIGXFSZ), "is_own": True},
        How.RLIMIT,
        "SIGXFSZ: file size limit (ulimit -f)",
    ),
    (
        {"sent_as": NO_INFO, "signal": int(signal.SIGPIPE), "is_own": True},
        How.PIPE,
        "SIGPIPE: broken pipe or socket",
    ),
    ({"sent_as": BY_KERNEL, "signal": 14}, How.TIMER, "SIGALRM by a timer"),
    ({"signal": 10, "code": -2}, How.TIMER, "SIGUSR1 by a timer"),
    ({"sent_as": BY_KERNEL, "signal": 2}, How.TTY, "SIGINT: typed at its terminal"),
    (
        {"sent_as": BY_KERNEL, "signal": 1, "sender_exits": True},
        How.TTY,
        "SIGHUP: terminal or session closed",
    ),
    (
        {"sent_as": BY_KERNEL, "sender_exits": True, "sender_is_init": True},
        How.INIT,
        "SIGKILL: systemd-oomd 812, init of its pid namespace, exited",
    ),
    (
        {"sent_as": BY_KERNEL, "sender_exits": True},
        How.TRACER,
        "SIGKILL: tracer systemd-oomd 812 exited",
    ),
    (
        {"signal": 11, "code": 1, "address": 0x10, "is_own": True},
        How.FAULT,
        "segfault at 0x10",
    ),
    ({"signal": 11, "code": 0x80, "is_own": True}, How.FAULT, "segfault"),
    (
        {"signal": 7, "code": 2, "address": 0x7F00, "is_own": True},
        How.FAULT,
        "bus error at 0x7f00",
    ),
    (
        {"signal": 8, "code": 1, "address": 1, "is_own": True},
        How.FAULT,
        "arithmetic error at 0x1",
    ),
    (
        {"signal": 4, "code": 2, "address": 1, "is_own": True},
        How.FAULT,
        "illegal instruction at 0x1",
    ),
    ({"signal": 6, "code": -6, "is_own": True}, How.ABORT, "abort()"),
    (
        {"signal": 31, "code": 1, "syscall": 101, "arch": X86_64, "is_own": True},
        How.SECCOMP,
        "seccomp: syscall ptrace",
    ),
    (
        {"signal": 31, "code": 1, "syscall": 9999, "arch": 1, "is_own": True},
        How.SECCOMP,
        "seccomp: syscall 9999",
    ),
    ({"signal": 29, "code": 1}, How.KERNEL, "SIGIO by the kernel"),
    ({"sent_as": NO_INFO, "signal": 15}, How.KERNEL, "SIGTERM by the kernel"),
]


@pytest.mark.parametrize(("facts", "kind", "text"), KINDS)
def test_each_kind(facts: dict[str, Any], kind: How, text: str) -> None:
    death = make_death(**facts)
    assert (how(death), said(death)) == (kind, text)
    by_process = {How.KILL, How.CGROUP, How.PARENT, How.INIT, How.TRACER}
    assert killer(death) == (SENDER if kind in by_process else None)


def test_every_way_is_among_them() -> None:
    assert {kind for _, kind, _ in KINDS} == set(How)


def test_an_earlier_request_and_a_core() -> None:
    request = Request(Task(3990, 400, 1000, b"make"), 2_100_000_000)
    death = make_death(request=request)
    text = "SIGKILL by systemd-oomd 812 (root), 2.1s after SIGTERM from make 3990"
    assert said(death) == text
    crash = make_death(signal=11, code=1, address=16, is_own=True)
    dumped = sentence(crash, user, core_dumped=True)
    assert dumped == "segfault at 0x10, core dumped"


def test_a_sender_outside_of_this_pid_namespace() -> None:
    death = make_death(sender=SENDER._replace(pid=0))
    assert killer(death) is None
    assert said(death) == "SIGKILL by systemd-oomd of another pid namespace (root)"


def test_names_are_hostile() -> None:
    death = make_death(sender=SENDER._replace(comm=b"a\x1b[31m\n"))
    assert said(death) == "SIGKILL by a\\x1b[31m\\n 812 (root)"
    full = FULL._replace(cgroup=b"x\x1b]0;")
    text = said(make_death(sent_as=BY_KERNEL, out_of_memory=full))
    assert "\x1b" not in text


def test_details_are_of_their_kind_only() -> None:
    assert fault_address(make_death(address=812)) is None
    assert forbidden_call(make_death(syscall=101, arch=X86_64)) is None
