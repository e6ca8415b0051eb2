"""Memory as meminfo tells it, and estimates of what it leaves out."""

import math

import pytest

from montauk_tui.collectors.procfs.figures import Reasons
from montauk_tui.collectors.procfs.meminfo import parse_meminfo
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.model.sample import Memory
from tests.support.fakeproc import HOST_FILES, MEMINFO
from tests.support.hosts import read_from, read_host


def memory_of(text: bytes, **files: bytes) -> Memory:
    names = {name.replace("__", "/"): text for name, text in files.items()}
    return parse_meminfo(text, Reasons(), read_from(names))


def without(name: bytes, text: bytes = MEMINFO) -> bytes:
    lines = text.splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(name))


def test_a_line_of_meminfo_that_is_missing_is_unknown() -> None:
    reasons = Reasons()
    memory = parse_meminfo(without(b"Buffers"), reasons, read_from({}))
    assert math.isnan(memory.buffers)
    assert math.isnan(memory.used)
    assert memory.free == 8000000 * 1024
    assert reasons.lines == ["meminfo: Buffers missing"]
    assert math.isnan(memory_of(b"").total)


@pytest.mark.parametrize(
    ("buffers", "cached", "shared", "is_known"),
    [
        (0, 8_000_000, 0, True),
        (0, 8_000_001, 0, False),
        (0, 9_000_000, 1_000_000, True),
        (0, 9_000_001, 1_000_000, False),
        (8_000_000, 1_000, 2_000, True),
        (16_000_000, 16_000_000, 0, False),
    ],
)
def test_parts_that_exceed_the_memory_are_no_use_of_0(
    buffers: int, cached: int, shared: int, *, is_known: bool
) -> None:
    lines = {b"Buffers": buffers, b"Cached": cached, b"Shmem": shared}
    text = b"".join(b"%s: %d kB\n" % line for line in lines.items()) + MEMINFO
    reasons = Reasons()
    memory = parse_meminfo(text, reasons, read_from({}))
    assert memory.free == 8_000_000 * 1024
    assert math.isnan(memory.used) is math.isnan(memory.cached) is not is_known
    reason = "meminfo: MemFree, Buffers and Cached together exceed MemTotal"
    assert reasons.lines == ([] if is_known else [reason])


def test_a_machine_without_memory_is_not_known() -> None:
    reasons = Reasons()
    memory = parse_meminfo(b"MemTotal: 0 kB\n" + MEMINFO, reasons, read_from({}))
    assert math.isnan(memory.total)
    assert math.isnan(memory.used)
    assert memory.swap_total > 0
    assert reasons.lines == ["meminfo: MemTotal is 0"]


def test_the_order_of_the_lines_of_meminfo_does_not_matter() -> None:
    lines = MEMINFO.splitlines(keepends=True)
    assert memory_of(b"".join(reversed(lines))) == memory_of(MEMINFO)


def test_swap_below_nothing_as_in_some_containers() -> None:
    absurd = b"18446744073709551488"
    text = MEMINFO.replace(b" 1900000 kB", absurd + b" kB")
    host = read_host({**HOST_FILES, "meminfo": text})
    assert math.isnan(host.memory.swap_free)
    assert math.isnan(host.memory.swap_used)
    assert host.memory.used == read_host(HOST_FILES).memory.used
    assert host.unknown == (f"meminfo: SwapFree too large: '{absurd.decode()}'",)


LRU = b"Active(file): 1000000 kB\nInactive(file): 2000000 kB\nSReclaimable: 90000 kB\n"


def test_available_memory_is_estimated_where_the_kernel_does_not_tell_it() -> None:
    text = without(b"MemAvailable") + LRU
    low = 67584 * 5 // 4
    memory = memory_of(text, sys__vm__min_free_kbytes=b"67584\n")
    kept = low + 45000
    assert memory.available == (8000000 - low + 3000000 + 90000 - kept) * 1024
    assert memory.is_estimate
    assert not memory_of(MEMINFO).is_estimate
    # Nothing is below the watermarks.
    scarce = memory_of(text, sys__vm__min_free_kbytes=b"9000000\n")
    assert scarce.available == 0 or scarce.available < 2000000 * 1024


@pytest.mark.parametrize("left_out", [b"MemFree", b"Active", b"SReclaimable", b"none"])
def test_available_memory_that_cannot_be_estimated_is_unknown(left_out: bytes) -> None:
    text = without(left_out, without(b"MemAvailable") + LRU)
    files = {"sys__vm__min_free_kbytes": b"67584\n"} if left_out != b"none" else {}
    memory = memory_of(text, **files)
    assert math.isnan(memory.available)
    assert not memory.is_estimate
    assert memory.total == 16000000 * 1024


def test_the_estimate_is_that_of_the_kernel_of_this_machine() -> None:
    """Both may differ by what changes in between, and by how watermarks are boosted."""
    read = ProcRoot().read
    text = read("meminfo")
    told = parse_meminfo(text, Reasons(), read)
    estimated = parse_meminfo(without(b"MemAvailable", text), Reasons(), read)
    assert estimated.is_estimate
    assert abs(estimated.available - told.available) < 0.05 * told.total
