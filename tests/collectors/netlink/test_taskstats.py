"""The accounting of ended threads, in the layouts of many kernels."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.collectors.netlink import taskstats as package
from montauk_tui.collectors.netlink.taskstats import Layout, Stats, decode
from tests.collectors.netlink.messages import (
    AGROUP,
    NULL,
    STATS_SLOT,
    slots,
    stats_message,
    taskstats,
    taskstats_type,
)

VERSIONS = (8, 9, 10, 11, 12, 13, 14, 15, 16)
TELLING = (12, 13, 14, 15, 16)
PADS = ("", "outer", "inner")
THREAD: dict[str, Any] = {
    "ac_exitcode": 0x300, "ac_pid": 51, "ac_ppid": 40, "ac_uid": 1000,
    "ac_comm": b"worker", "ac_etime": 9_000, "ac_utime": 2_000, "ac_stime": 1_000,
    "cpu_run_real_total": 4_000_000, "cpu_run_virtual_total": 3_141_592,
    "hiwater_rss": 77, "read_bytes": 4096, "write_bytes": 8192,
    "cancelled_write_bytes": 512,
}  # fmt: skip


def of_thread(version: int, **values: Any) -> bytes:
    """Return struct taskstats of thread 51 of process 50, with what the version has."""
    later = {"ac_tgid": 50, "ac_tgetime": 60_000} if version >= 12 else {}
    return taskstats(version, **{**THREAD, **later, **values})


def layout(version: int, pad: str = "") -> Layout:
    return Layout.of(stats_message(1, taskstats(version), pad=pad))


def decoded(version: int, *messages: bytes, pad: str = "") -> Stats:
    found = layout(version, pad)
    return decode(slots(messages, STATS_SLOT), found, found.wire())


@pytest.mark.parametrize(("version", "size"), [(8, 328), (14, 432), (15, 560)])
def test_the_structs_of_these_tests_are_as_large_as_the_kernels(
    version: int, size: int
) -> None:
    assert taskstats_type(version).itemsize == size


@pytest.mark.parametrize("pad", PADS)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_layout_is_read_from_an_answer(version: int, pad: str) -> None:
    found = layout(version, pad)
    assert found.version == version
    assert found.stats_bytes == taskstats_type(version).itemsize
    assert found.stats_at == (40 if pad else 36)


@pytest.mark.parametrize("pad", PADS)
@pytest.mark.parametrize("version", VERSIONS)
def test_every_number_is_found_at_its_place(version: int, pad: str) -> None:
    [end] = decoded(version, stats_message(51, of_thread(version), pad=pad), pad=pad)
    found = {name: end[name].item() for name in end.dtype.names}
    assert found == {
        "tid": 51, "tgid": 50 if version >= 12 else 0, "ppid": 40, "uid": 1000,
        "code": 0x300, "run_ns": 3_141_592, "utime_us": 2_000, "stime_us": 1_000,
        "elapsed_us": 9_000, "peak_rss_bytes": 77 << 10, "read_bytes": 4096,
        "write_bytes": 8192, "cancelled_bytes": 512, "is_last": False,
        "is_group": False, "comm": b"worker",
    }  # fmt: skip


@pytest.mark.parametrize("version", TELLING)
def test_the_only_thread_is_the_last_and_no_group(version: int) -> None:
    [end] = decoded(version, stats_message(51, of_thread(version, ac_flag=AGROUP)))
    assert (end["is_last"], end["is_group"]) == (True, False)
    assert end["elapsed_us"] == 60_000, "the life of the process"
    assert end["run_ns"] == 3_141_592


@pytest.mark.parametrize("pad", PADS)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_last_of_many_threads_tells_the_run_time_of_all(
    version: int, pad: str
) -> None:
    flags = {"ac_flag": AGROUP} if version >= 12 else {}
    group = taskstats(version, cpu_run_virtual_total=8_000_001, cpu_run_real_total=9)
    message = stats_message(51, of_thread(version, **flags), (50, group), pad=pad)
    [end] = decoded(version, message, pad=pad)
    assert (end["is_last"], end["is_group"]) == (True, True)
    assert (end["tid"], end["tgid"], end["run_ns"]) == (51, 50, 8_000_001)
    assert end["comm"] == b"worker"
    assert end["elapsed_us"] == (60_000 if version >= 12 else 9_000)


@pytest.mark.parametrize("version", VERSIONS)
def test_without_an_exact_run_time_the_ticks_must_do(version: int) -> None:
    """CONFIG_SCHED_INFO counts the one, and where it does not count it is 0."""
    group = taskstats(version, cpu_run_virtual_total=0, cpu_run_real_total=5_000)
    alone = of_thread(version, cpu_run_virtual_total=0)
    exits = decoded(
        version, stats_message(51, alone), stats_message(51, alone, (50, group))
    )
    assert exits["run_ns"].tolist() == [4_000_000, 5_000]


def test_what_is_left_in_a_slot_does_not_make_a_group() -> None:
    """A slot is used again, and what a longer message left there is no second part."""
    flagged = of_thread(13, ac_flag=AGROUP)
    group = taskstats(13, cpu_run_virtual_total=8_000)
    long = stats_message(51, flagged, (50, group))
    short = stats_message(51, flagged)
    [end] = decoded(13, short + long[len(short) :])
    assert (end["is_last"], end["is_group"]) == (True, False)
    assert end["run_ns"] == 3_141_592


def test_another_second_part_is_no_sum() -> None:
    group = taskstats(13, cpu_run_virtual_total=8_000)
    message = bytearray(stats_message(51, of_thread(13), (50, group)))
    message[layout(13).second_at - 14] = NULL
    [end] = decoded(13, bytes(message))
    assert (end["is_group"], end["run_ns"]) == (False, 3_141_592)


def test_messages_that_are_too_short_are_left_out() -> None:
    good = stats_message(51, of_thread(13))
    short = stats_message(51, of_thread(13)[:-8])
    error = (36).to_bytes(4, "little") + bytes(32)
    assert decoded(13, short, good, error)["tid"].tolist() == [51]
    assert len(decoded(13)) == 0


@pytest.mark.parametrize(
    "message",
    [b"", bytes(20), bytes(400), stats_message(1, bytes(320)),
     stats_message(1, taskstats(13))[:-1]],
    ids=["empty", "header", "zeros", "version 7", "cut off"],
)  # fmt: skip
def test_an_answer_that_is_none_is_an_error(message: bytes) -> None:
    with pytest.raises(OSError, match="not a message of taskstats"):
        Layout.of(message)


def test_a_kernel_that_is_newer_than_these_tests() -> None:
    """Fields are added at the end: a longer struct reads as well."""
    longer = taskstats(16, **THREAD, ac_tgid=50, ac_tgetime=60_000, ac_flag=AGROUP)
    longer = (17).to_bytes(2, "little") + longer[2:] + bytes(128)
    group = taskstats(16, cpu_run_virtual_total=8_000_001) + bytes(128)
    found = Layout.of(stats_message(1, longer))
    message = stats_message(51, longer, (50, group))
    [end] = decode(slots([message], STATS_SLOT), found, found.wire())
    assert (found.version, found.stats_bytes) == (17, 688)
    assert (end["tgid"], end["elapsed_us"], end["run_ns"]) == (50, 60_000, 8_000_001)


@given(st.binary(max_size=900))
def test_no_answer_raises_anything_but_an_os_error(message: bytes) -> None:
    try:
        found = Layout.of(message)
    except OSError:
        return
    assert found.stats_at + found.stats_bytes <= len(message)


@given(
    st.sampled_from(VERSIONS),
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=STATS_SLOT - 4))),
)
def test_no_bytes_raise(version: int, noise: list[tuple[int, bytes]]) -> None:
    """A receiver lets nothing pass that is longer than its slot."""
    messages = [
        min(length, STATS_SLOT).to_bytes(4, "little") + rest for length, rest in noise
    ]
    found = layout(version)
    good = stats_message(51, of_thread(version))
    exits = decode(slots([*messages, good], STATS_SLOT), found, found.wire())
    least = found.stats_at + found.stats_bytes
    assert len(exits) == 1 + sum(
        least <= min(length, STATS_SLOT) for length, _ in noise
    )
    assert exits["tid"][-1] == 51
    assert np.all(exits["tid"] >= 0)


# --- asking the kernel ----------------------------------------------------------------


class FakeSocket:
    """Answers with messages made in advance."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.sent: list[bytes] = []

    def send(self, message: bytes) -> int:
        self.sent.append(message)
        return len(message)

    def recv(self, size: int) -> bytes:
        return self.answers.pop(0)[:size]


def acknowledgement(error: int) -> bytes:
    return (
        (36).to_bytes(4, "little")
        + (2).to_bytes(2, "little")
        + bytes(10)
        + (-error).to_bytes(4, "little", signed=True)
        + bytes(16)
    )


def family_answer(attributes: bytes) -> bytes:
    length = (20 + len(attributes)).to_bytes(4, "little")
    return length + (16).to_bytes(2, "little") + bytes(14) + attributes


def test_the_number_of_the_family_is_found_behind_other_attributes() -> None:
    name = bytes([14, 0, 2, 0]) + b"TASKSTATS\0" + bytes(2)
    number = bytes([6, 0, 1, 0, 27, 1, 0, 0])
    sock = FakeSocket(b"short", family_answer(name + number), acknowledgement(0))
    assert package._family(sock) == 256 + 27  # type: ignore[arg-type]  # noqa: SLF001
    assert b"TASKSTATS\0" in sock.sent[0]
    assert len(sock.sent[0]) == int.from_bytes(sock.sent[0][:4], "little")


@pytest.mark.parametrize("attributes", [b"", bytes(8), bytes([3, 0, 1])])
def test_an_answer_without_the_number_ends(attributes: bytes) -> None:
    sock = FakeSocket(family_answer(attributes), acknowledgement(0))
    with pytest.raises(OSError, match="does not know taskstats"):
        package._family(sock)  # type: ignore[arg-type]  # noqa: SLF001


def test_a_refusal_is_the_kernels_error() -> None:
    sock = FakeSocket(acknowledgement(1))
    with pytest.raises(PermissionError):
        package._family(sock)  # type: ignore[arg-type]  # noqa: SLF001
