"""Readers whom the kernel refuses bpf(2): as before Linux 5.19, or in a container."""

import json
import os
from typing import Final

import numpy as np
import pytest

from montauk_tui.collectors.kernel.iterated import IteratedArray, IteratedSlots
from montauk_tui.collectors.kernel.records import FINAL, IDLE
from tests.collectors.pins.test_reading import COUNT, WATCH
from tests.support.bpfmachine import GROUP, Machine, machine

REFUSED: Final = """
import ctypes, struct
from montauk_tui.collectors.kernel import bpf
number = bpf._SYS_BPF.get(bpf.platform.machine(), 280)
code = struct.pack("=" + "HBBI" * 4,
    0x20, 0, 0, 0, 0x15, 0, 1, number, 0x06, 0, 0, 0x50001, 0x06, 0, 0, 0x7fff0000)
room = ctypes.create_string_buffer(code)
program = struct.pack("@HP", 4, ctypes.addressof(room))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, program, 0, 0) == 0
"""
"""A filter of system calls: bpf(2) fails with EPERM."""


def pin(content: bytes) -> int:
    descriptor = os.memfd_create("montauk-test-pin")
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def slots_of(*written: tuple[int, int, int]) -> IteratedSlots:
    """Return a log of which an iterator wrote these: slot, number, number after it."""
    out = np.zeros(
        len(written), dtype=[("slot", "<u8"), ("record", FINAL), ("after", "<u8")]
    )
    for row, (slot, number, after) in enumerate(written):
        out[row]["slot"], out[row]["after"] = slot, after
        out[row]["record"]["seq"], out[row]["record"]["pid"] = number, number
    return IteratedSlots(lambda: pin(out.tobytes()), FINAL)


def test_a_part_has_what_was_written_and_zeros_elsewhere() -> None:
    slots = slots_of((3, 4, 4), (5, 6, 6), (6, 7, 7), (8, 9, 9))
    assert slots.part(4, 4)["seq"].tolist() == [0, 6, 7, 0]
    assert slots.part(4, 4)["pid"].tolist() == [0, 6, 7, 0]
    assert slots.part(0, 2)["seq"].tolist() == [0, 0]


@pytest.mark.parametrize("after", [0, 12])
def test_a_record_that_is_overwritten_while_it_is_copied_is_none(after: int) -> None:
    slots = slots_of((3, 4, 4), (4, 5, after))
    assert slots.part(3, 2)["seq"].tolist() == [4, 0]


@pytest.mark.parametrize("size", [1, IDLE.itemsize, 2 * IDLE.itemsize - 1])
def test_fewer_records_than_there_are_cpus_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="buffer"):
        IteratedArray(lambda: pin(bytes(size)), IDLE, 2)


@pytest.mark.privileged
@pytest.mark.parametrize("container", [False, True])
def test_without_bpf_a_member_sees_every_child_all_the_same(
    loaded: Machine, *, container: bool
) -> None:
    done = loaded.python(REFUSED + WATCH, str(COUNT), gid=GROUP, container=container)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["detail"].endswith(", read by iterators")
    assert (found["wrong"], found["lost"]) == ([], 0)
    assert found["exits"] >= COUNT
    assert (found["others"] == 0) or not container
    assert found["cpu_s"] == pytest.approx(found["children_s"], rel=0.5)


@pytest.mark.privileged
def test_a_log_that_goes_round_faster_than_it_is_read_is_counted(
    nobody: None,  # noqa: ARG001
) -> None:
    """One slot for each CPU, so that readings find the last record only."""

    code = (
        REFUSED
        + """
import os, sys
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.model.schema import Need
with KernelCollector() as collector:
    before = collector.sample(Need.NONE).counters
    for _ in range(100):
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
    sample = collector.sample(Need.NONE)
    after = sample.counters
    told = len(sample.exits) + len(sample.starts)
    counted = sum(getattr(after, it) - getattr(before, it)
                  for it in ("forks", "execs", "exits"))
    print(counted >= 300, after.lost - before.lost > 200, after.lost_exits > 60)
"""
    )
    with machine() as one:
        done = one.montauk("probes", "load", "--group", str(GROUP), "--slots", "1")
        assert done.returncode == 0, done.stderr
        done = one.python(code, gid=GROUP)
    assert done.stdout == "True True True\n", done.stderr
