"""Batches from real netlink sockets of the kinds that everybody may use.

A message without a purpose (NLMSG_NOOP) to the routing family is acknowledged by the
kernel with 36 bytes, and one of no known type refused with a copy of it.
"""

import os
import socket
import struct
from collections.abc import Iterator

import pytest

from montauk_tui.collectors.netlink import batch
from montauk_tui.collectors.netlink.batch import Receiver

ROUTE, USERSOCK = 0, 2
ACK_BYTES = 36
SLOT_BYTES = 64
SLOTS = 8
NOOP, NO_SUCH_TYPE = 1, 9999


@pytest.fixture(autouse=True)
def _few_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several batches of messages fit into an ordinary receive buffer."""
    monkeypatch.setattr(batch, "_SLOTS", SLOTS)


@pytest.fixture
def sock() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, ROUTE) as made:
        made.bind((0, 0))
        made.settimeout(0)
        yield made


@pytest.fixture
def receiver(sock: socket.socket) -> Receiver:
    return Receiver(sock, SLOT_BYTES, ACK_BYTES)


def ask(sock: socket.socket, seq: int, kind: int = NOOP, size: int = 0) -> None:
    """Have the kernel answer with `seq`, and where it refuses with `size` bytes."""
    message = struct.pack("=IHHII", 16 + size, kind, 5, seq, 0) + bytes(size)
    sock.sendto(message, (0, 0))


def seqs(raw: batch.Raw) -> list[int]:
    assert raw.shape[1] == SLOT_BYTES
    found: list[int] = raw[:, 8:12].copy().view("u4")[:, 0].tolist()
    return found


@pytest.mark.parametrize("count", [0, 1, SLOTS - 1, SLOTS, SLOTS + 1, 5 * SLOTS + 3])
def test_all_that_waits_is_read_in_order(
    sock: socket.socket, receiver: Receiver, count: int
) -> None:
    for seq in range(count):
        ask(sock, seq)
    raw = receiver.read()
    assert seqs(raw) == list(range(count))
    assert all(bytes(slot[:4]) == struct.pack("=I", ACK_BYTES) for slot in raw)
    assert seqs(receiver.read()) == []
    assert (receiver.foreign, receiver.dropped) == (0, 0)


def test_what_was_read_stays_when_the_buffer_is_used_again(
    sock: socket.socket, receiver: Receiver
) -> None:
    ask(sock, 1)
    first = receiver.read()
    ask(sock, 2)
    assert seqs(receiver.read()) == [2]
    assert seqs(first) == [1]


def test_cut_off_messages_are_dropped_and_counted(
    sock: socket.socket, receiver: Receiver
) -> None:
    """Each next to a good one."""
    for seq in range(0, 10, 2):
        ask(sock, seq)
        ask(sock, seq + 1, NO_SUCH_TYPE, SLOT_BYTES)
    assert seqs(receiver.read()) == [0, 2, 4, 6, 8]
    assert receiver.foreign == 5


def test_a_batch_of_nothing_good_does_not_end_the_reading(
    sock: socket.socket, receiver: Receiver
) -> None:
    for seq in range(2 * SLOTS):
        ask(sock, seq, NO_SUCH_TYPE, SLOT_BYTES)
    ask(sock, 77)
    assert seqs(receiver.read()) == [77]
    assert receiver.foreign == 2 * SLOTS


def test_messages_shorter_than_the_shortest_are_dropped(sock: socket.socket) -> None:
    receiver = Receiver(sock, SLOT_BYTES, ACK_BYTES + 1)
    ask(sock, 1)
    ask(sock, 2, NO_SUCH_TYPE, 4)
    assert seqs(receiver.read()) == [2]
    assert receiver.foreign == 1


def user_messages(count: int, length: int, stated: int) -> Receiver:
    """Return a receiver to which another socket of ours has written."""
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, USERSOCK)
    made.bind((0, 0))
    made.settimeout(0)
    message = struct.pack("=I", stated).ljust(length, b"\0")
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, USERSOCK) as sender:
        for _ in range(count):
            sender.sendto(message, made.getsockname())
    return Receiver(made, SLOT_BYTES, ACK_BYTES)


def test_what_another_process_sends_is_not_the_kernels() -> None:
    receiver = user_messages(3 * SLOTS, ACK_BYTES, ACK_BYTES)
    assert seqs(receiver.read()) == []
    assert receiver.foreign == 3 * SLOTS
    receiver.close()


def test_a_length_beyond_the_message_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only a sender who is not the kernel does that; here it passes for the kernel."""
    monkeypatch.setattr(batch, "_SENDER_PID", 2)
    for stated, count in ((ACK_BYTES, 1), (ACK_BYTES + 1, 0), (2**32 - 1, 0)):
        receiver = user_messages(1, ACK_BYTES, stated)
        assert len(receiver.read()) == count
        assert receiver.foreign == 1 - count
        receiver.close()


def test_what_found_no_room_is_counted(sock: socket.socket, receiver: Receiver) -> None:
    """The kernel tells ENOBUFS in between, which must not end the reading."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    sent = 300
    for seq in range(sent):
        ask(sock, seq)
    found = seqs(receiver.read())
    assert 0 < len(found) < sent
    assert found == list(range(len(found)))
    assert len(found) + receiver.dropped == sent
    ask(sock, sent)
    assert seqs(receiver.read()) == [sent]


def test_a_closed_socket_is_an_error(sock: socket.socket, receiver: Receiver) -> None:
    receiver.close()
    with pytest.raises(OSError, match=os.strerror(9)):
        receiver.read()
    assert sock.fileno() == -1


def test_the_receive_buffer_grows(sock: socket.socket, receiver: Receiver) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    small = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    grown = receiver.grow(100_000)
    assert grown >= 100_000 > small
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == grown
