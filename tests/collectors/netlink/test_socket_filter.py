"""The filter, run by an interpreter made here and by the kernel."""

import os
import socket
import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.collectors.netlink.connector import Kind
from montauk_tui.collectors.netlink.socket_filter import Instruction, attach, keep_if
from tests.collectors.netlink.messages import (
    COMM_CHANGED,
    exec_message,
    exit_message,
    fork_message,
    proc_event,
)

KIND_AT, DATA_AT = 36, 52
USERSOCK = 2


def run(program: Sequence[Instruction], message: bytes) -> int:
    """Return how many bytes a classic BPF program keeps of a message."""
    a = x = at = 0
    while True:
        code, if_true, if_false, constant = program[at]
        at += 1
        if code == 0x20:
            if constant + 4 > len(message):
                return 0
            (a,) = struct.unpack_from(">I", message, constant)
        elif code == 0x07:
            x = a
        elif code == 0x15:
            at += if_true if a == constant else if_false
        elif code == 0x1D:
            at += if_true if a == x else if_false
        else:
            assert code == 0x06
            return constant


EXITS = keep_if((KIND_AT, Kind.EXIT))
EXITS_OF_LEADERS = keep_if((KIND_AT, Kind.EXIT), (DATA_AT, DATA_AT + 4))
FORKS_OF_PROCESSES = keep_if((KIND_AT, Kind.FORK), (DATA_AT + 8, DATA_AT + 12))
OTHERS = [
    fork_message(1, 50), exec_message(50), proc_event(COMM_CHANGED, [50, 50]),
    proc_event(Kind.ACK, []),
]  # fmt: skip


@pytest.mark.parametrize("program", [EXITS, EXITS_OF_LEADERS])
def test_what_is_wanted_is_kept_whole_and_other_kinds_dropped(
    program: list[Instruction],
) -> None:
    assert run(program, exit_message(50)) == 0xFFFFFFFF
    assert [run(program, other) for other in OTHERS] == [0] * len(OTHERS)


def test_threads_are_dropped_only_where_the_words_are_compared() -> None:
    thread = exit_message(50, tid=51)
    assert run(EXITS, thread) == 0xFFFFFFFF
    assert run(EXITS_OF_LEADERS, thread) == 0
    assert run(FORKS_OF_PROCESSES, fork_message(1, 50)) == 0xFFFFFFFF
    assert run(FORKS_OF_PROCESSES, fork_message(1, 50, tid=51)) == 0


@given(st.binary(max_size=100))
def test_what_is_short_or_random_is_kept_only_if_the_words_agree(
    message: bytes,
) -> None:
    kept = run(EXITS_OF_LEADERS, message) != 0
    agrees = (
        len(message) >= DATA_AT + 8
        and message[KIND_AT : KIND_AT + 4] == struct.pack("=I", Kind.EXIT)
        and message[DATA_AT : DATA_AT + 4] == message[DATA_AT + 4 : DATA_AT + 8]
    )
    assert kept == agrees


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_words_are_compared_in_full(value: int, one: int, other: int) -> None:
    message = struct.pack("=III", value, one, other)
    assert run(keep_if((0, value)), message)
    assert not run(keep_if((0, value ^ 0x80000000)), message)
    assert bool(run(keep_if((0, value), (4, 8)), message)) == (one == other)


@pytest.mark.parametrize("program", [EXITS, EXITS_OF_LEADERS, FORKS_OF_PROCESSES])
def test_the_kernel_runs_it_as_the_interpreter_does(
    program: list[Instruction],
) -> None:
    """Netlink from socket to socket, which everybody may use."""
    messages = [
        *OTHERS, exit_message(50), exit_message(50, tid=51), exit_message(52),
        fork_message(1, 50, tid=51), fork_message(1, 53), b"\0" * 20,
    ]  # fmt: skip
    with (
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, USERSOCK) as sender,
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, USERSOCK) as receiver,
    ):
        receiver.bind((0, 0))
        receiver.settimeout(0)
        attach(receiver, program)
        found = []
        for message in messages:
            sender.sendto(message, receiver.getsockname())
        while True:
            try:
                found.append(receiver.recv(4096))
            except BlockingIOError:
                break
    assert found == [message for message in messages if run(program, message)]
    assert 0 < len(found) < len(messages)


def test_a_program_that_the_kernel_refuses_is_an_error() -> None:
    with (
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, USERSOCK) as sock,
        pytest.raises(OSError, match=os.strerror(22)),
    ):
        attach(sock, [Instruction(0x15, 9, 9, 0)])
