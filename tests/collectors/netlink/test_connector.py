"""Events of the proc connector, decoded from packed messages."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.collectors.netlink.connector import Kind, decode
from tests.collectors.netlink.messages import (
    COMM_CHANGED,
    EVENT_SLOT,
    exec_message,
    exit_message,
    fork_message,
    proc_event,
    slots,
)

KINDS = (Kind.FORK, Kind.EXEC, Kind.EXIT)
U32 = st.integers(0, 2**32 - 1)


def decoded(kind: Kind, *messages: bytes, with_threads: bool = False) -> list[object]:
    """Return time, pid, ppid and code of each event."""
    raw = slots(messages, EVENT_SLOT)
    found: list[object] = decode(raw, kind, with_threads=with_threads).tolist()
    return found


def test_a_fork_tells_the_child_and_the_process_that_forked() -> None:
    message = fork_message(parent=40, child=50, time_ns=7 << 40)
    assert decoded(Kind.FORK, message) == [(7 << 40, 50, 40, 0)]


def test_an_exec_tells_who() -> None:
    assert decoded(Kind.EXEC, exec_message(50, 8)) == [(8, 50, 0, 0)]


def test_an_exit_tells_the_wait_status_and_the_parent_process() -> None:
    message = exit_message(50, code=0x8B, parent=40, time_ns=9)
    assert decoded(Kind.EXIT, message) == [(9, 50, 40, 0x8B)]


@pytest.mark.parametrize("kind", KINDS)
def test_threads_are_left_out_unless_they_are_asked_for(kind: Kind) -> None:
    makers = {
        Kind.FORK: fork_message(1, 50, 5, tid=51),
        Kind.EXEC: exec_message(50, 5, tid=51),
        Kind.EXIT: exit_message(50, time_ns=5, tid=51),
    }
    assert decoded(kind, makers[kind]) == []
    ppid = 0 if kind is Kind.EXEC else 1
    assert decoded(kind, makers[kind], with_threads=True) == [(5, 50, ppid, 0)]


@pytest.mark.parametrize("kind", KINDS)
def test_only_one_kind_of_event_is_told_and_in_the_kernels_order(kind: Kind) -> None:
    mixed = [
        fork_message(1, 50, 1), exec_message(50, 2), exit_message(50, time_ns=3),
        proc_event(COMM_CHANGED, [50, 50], 4), proc_event(Kind.ACK, [], 5),
    ] * 2  # fmt: skip
    assert decode(slots(mixed, EVENT_SLOT), kind)["pid"].tolist() == [50, 50]
    later = [exec_message(pid, 10 - pid) for pid in (3, 1, 2)]
    assert decode(slots(later, EVENT_SLOT), Kind.EXEC)["pid"].tolist() == [3, 1, 2]


@pytest.mark.parametrize("address", [(2, 1), (1, 2), (0, 0), (1 << 16, 1)])
def test_messages_of_other_users_of_the_connector_are_dropped(
    address: tuple[int, int],
) -> None:
    assert decoded(Kind.EXEC, proc_event(Kind.EXEC, [5, 5], 1, address)) == []


def test_no_message_is_no_event() -> None:
    for kind in KINDS:
        assert decoded(kind) == []


def test_numbers_beyond_31_bits_stay_positive() -> None:
    message = exit_message(50, code=2**32 - 1, parent=2**32 - 2, time_ns=2**62)
    assert decoded(Kind.EXIT, message) == [(2**62, 50, 2**32 - 2, 2**32 - 1)]


@pytest.mark.parametrize("with_threads", [True, False])
@given(messages=st.lists(st.binary(max_size=EVENT_SLOT), max_size=8))
def test_no_bytes_raise_and_none_are_taken_for_another_kind(
    messages: list[bytes],
    with_threads: bool,  # noqa: FBT001
) -> None:
    """At most what carries the kind and the address of the connector is an event."""
    raw = slots(messages, EVENT_SLOT)
    for kind in KINDS:
        wanted = [
            slot.tobytes()[16:24] == struct.pack("=II", 1, 1)
            and slot.tobytes()[36:40] == struct.pack("=I", kind)
            for slot in raw
        ]
        assert len(decode(raw, kind, with_threads=with_threads)) <= sum(wanted)


@st.composite
def real_or_not(draw: st.DrawFn) -> tuple[bytes, tuple[Kind, int, int] | None]:
    """Return a message, and as what it must be told: kind, process and time."""
    kind = draw(st.sampled_from([*KINDS, COMM_CHANGED, 0, 4]))
    address = draw(st.sampled_from([(1, 1), (1, 1), (1, 2), (3, 1)]))
    tgid, time_ns = draw(U32), draw(st.integers(0, 2**62))
    tid = draw(st.sampled_from([tgid, tgid, tgid ^ 1]))
    filler = draw(st.lists(U32, min_size=2, max_size=2))
    words = [*filler, tid, tgid] if kind == Kind.FORK else [tid, tgid, *filler]
    message = proc_event(kind, words, time_ns, address)
    if kind not in KINDS or address != (1, 1) or tid != tgid:
        return message, None
    return message, (Kind(kind), tgid, time_ns)


@given(st.lists(real_or_not(), max_size=12))
def test_each_event_is_told_once_by_its_own_kind(
    made: list[tuple[bytes, tuple[Kind, int, int] | None]],
) -> None:
    raw = slots([message for message, _ in made], EVENT_SLOT)
    for kind in KINDS:
        events = decode(raw, kind)
        found = list(zip(events["pid"], events["time_ns"], strict=True))
        assert found == [want[1:] for _, want in made if want and want[0] is kind]


def test_a_slot_that_is_not_contiguous_is_read_all_the_same() -> None:
    raw = slots([exec_message(pid, 1) for pid in range(1, 9)], EVENT_SLOT)[::2]
    assert not raw.flags.c_contiguous
    assert decode(raw, Kind.EXEC)["pid"].tolist() == [1, 3, 5, 7]
    assert np.array_equal(decode(raw, Kind.EXEC)["time_ns"], [1] * 4)
