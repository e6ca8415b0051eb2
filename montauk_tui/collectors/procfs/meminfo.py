"""The memory of the machine, from /proc/meminfo."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from montauk_tui.collectors.procfs.figures import Reasons, decimal, without_cut_word
from montauk_tui.model.sample import Memory

Read = Callable[[str], bytes]

_FILE: Final = "meminfo"

_NAMES: Final = {
    "total": b"MemTotal",
    "free": b"MemFree",
    "available": b"MemAvailable",
    "buffers": b"Buffers",
    "cached": b"Cached",
    "shared": b"Shmem",
    "swap_total": b"SwapTotal",
    "swap_free": b"SwapFree",
    "swap_cached": b"SwapCached",
}
"""Which line holds which field of `Memory`."""

_ESTIMATED_FROM: Final = (
    b"MemFree", b"Active(file)", b"Inactive(file)", b"SReclaimable"
)  # fmt: skip
_USED: Final = frozenset([*_NAMES.values(), *_ESTIMATED_FROM])

_MOST_KIB: Final = 1e13
"""10 PiB: more than a machine has. A negative count, printed as unsigned 64 bits, is
far above."""


def parse_meminfo(text: bytes, reasons: Reasons, read: Read) -> Memory:
    """Return the memory; a missing or impossible value is NaN, with a reason.

    Args:
        text: The content of /proc/meminfo.
        reasons: Where to say why something is not known.
        read: Reads another file below /proc, for an estimate of MemAvailable.
    """
    lines = _lines(text)
    kib = {
        field: _kib(name, lines, reasons)
        for field, name in _NAMES.items()
        if field != "available"
    }
    estimated = b"MemAvailable" not in lines
    kib["available"] = (
        _estimate(lines, reasons, read)
        if estimated
        else _kib(b"MemAvailable", lines, reasons)
    )
    if kib["total"] == 0:
        reasons.add(_FILE, "MemTotal is 0")
        kib["total"] = math.nan
    for part, whole in _WHOLES.items():
        if kib[part] > kib[whole]:
            name, limit = _NAMES[part].decode(), _NAMES[whole].decode()
            reasons.add(_FILE, f"{name} larger than {limit}")
            kib[part] = math.nan
    memory = Memory(
        **{field: amount * 1024 for field, amount in kib.items()},
        is_estimate=estimated and not math.isnan(kib["available"]),
    )
    if memory.unused > memory.total:
        reasons.add(_FILE, "MemFree, Buffers and Cached together exceed MemTotal")
        memory = replace(memory, cached=math.nan)
    return memory


_WHOLES: Final = dict.fromkeys(
    ("free", "available", "buffers", "cached", "shared"), "total"
) | dict.fromkeys(("swap_free", "swap_cached"), "swap_total")
"""Parts and their wholes."""


def _lines(text: bytes) -> dict[bytes, bytes]:
    """Return the value of each name that is used; of two lines the first counts."""
    found: dict[bytes, bytes] = {}
    for line in without_cut_word(text).splitlines():
        name, _, value = line.partition(b":")
        if (name := name.strip()) in _USED and name not in found:
            number, unit, _ = value.strip().partition(b" kB")
            found[name] = number if unit else value.strip() + b" ?"
            if len(found) == len(_USED):
                break
    return found


def _kib(name: bytes, lines: Mapping[bytes, bytes], reasons: Reasons) -> float:
    return reasons.number(_FILE, name.decode(), lines.get(name), _MOST_KIB)


def _estimate(lines: Mapping[bytes, bytes], reasons: Reasons, read: Read) -> float:
    """Return about what si_mem_available in mm/show_mem.c returns, in KiB.

    Kernels before 3.14 have no MemAvailable, nor do some containers. It is
    free memory, page cache and reclaimable slabs, less the low watermarks, of which at
    most half of cache and slabs is withheld. The watermarks are 5/4 of
    vm.min_free_kbytes (__setup_per_zone_wmarks in mm/page_alloc.c).
    """
    numbers = [decimal(lines.get(name, b"")) for name in _ESTIMATED_FROM]
    if not all(number <= _MOST_KIB for number in numbers):
        reasons.add(_FILE, "MemAvailable missing and cannot be estimated")
        return math.nan
    try:
        least_free = decimal(read("sys/vm/min_free_kbytes").strip())
    except OSError:
        least_free = math.nan
    if not least_free <= _MOST_KIB:
        reasons.add(_FILE, "MemAvailable missing, and vm.min_free_kbytes unknown")
        return math.nan
    free, active, inactive, slabs = numbers
    low = least_free * 5 // 4
    cache = active + inactive
    kept = min(cache // 2, low) + min(slabs // 2, low)
    return max(free - low + cache + slabs - kept, 0.0)
