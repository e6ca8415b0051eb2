"""Time to open the kernel collector: cold, warm, and by part.

Cold is without compiled probes from an earlier start, warm with them. Needs root and
BCC. CPU time is that of the loader and of montauk's own part together.
"""

import contextlib
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from montauk_tui.collectors.kernel import loader
from montauk_tui.collectors.kernel.btf import Btf
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.collectors.kernel.layout import read_layout

_ROUNDS: Final = 7


class Start(NamedTuple):
    """The times of one start."""

    wall_s: float
    cpu_s: float


def start() -> Start:
    """Open a kernel collector and close it."""
    cpu_s, began = _cpu_s(), time.perf_counter()
    collector = KernelCollector()
    collector.open()
    taken = Start(time.perf_counter() - began, _cpu_s() - cpu_s)
    collector.close()
    return taken


def _cpu_s() -> float:
    """Return the CPU time of this process and of its exited children."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


@contextlib.contextmanager
def cache(folder: str) -> Iterator[None]:
    """Set the cache folder of compiled probes, or none."""
    before = loader.CACHE
    loader.CACHE = folder  # type: ignore[misc] # for this measurement only
    try:
        yield
    finally:
        loader.CACHE = before  # type: ignore[misc]


def btf_s() -> float:
    """Return the CPU time of reading the kernel's type information, a part of cold."""
    began = time.thread_time()
    read_layout(Btf())
    return time.thread_time() - began


def compare() -> None:
    """Print cold and warm starts, taken in turn so that noise hits both."""
    cold, warm = [], []
    with tempfile.TemporaryDirectory() as above:
        folder = str(Path(above, "montauk"))
        with cache(folder):
            start()
        for _ in range(_ROUNDS):
            with cache(""):
                cold.append(start())
            with cache(folder):
                warm.append(start())
    types_s = statistics.median(btf_s() for _ in range(3))
    print(f"Start of the kernel collector, median of {_ROUNDS} (and the range)")
    for name, starts in (("cold", cold), ("warm", warm)):
        walls = sorted(each.wall_s for each in starts)
        cpu_s = statistics.median(each.cpu_s for each in starts)
        spread = f"{walls[0] * 1000:.0f} to {walls[-1] * 1000:.0f}"
        wall_ms = statistics.median(walls) * 1000
        print(f"  {name}  {wall_ms:6.0f} ms ({spread}), {cpu_s * 1000:.0f} ms of CPU")
    print(f"  reading the type information is {types_s * 1000:.0f} ms of cold")


def main() -> None:
    """Print all of it, or why it cannot be measured."""
    state = KernelCollector().availability()
    if state.available:
        compare()
    else:
        print(f"kernel collector: {state.reason}; {state.remedy}")


if __name__ == "__main__":
    main()
