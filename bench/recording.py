"""The cost of recording in memory, and of a frame from the recording.

Run as `python -m bench.recording`: CPU time of the sampling thread for a frame of the
live host, the same while it is recorded, and for a frame of the replay; medians. The
first recorded sample reads the arguments of every process. Memory is that of Python
objects and arrays, for each sample.
"""

import statistics
import time
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from typing import Final

from bench.crowd import crowd
from montauk_tui.collectors import registry
from montauk_tui.host.local import LocalHost
from montauk_tui.host.recorded import RecordedHost
from montauk_tui.host.recording import RecordingHost
from montauk_tui.model.schema import Need

_SIZES: Final = (1_000, 5_000)
_SAMPLES: Final = 21


def _ms(next_frame: Callable[[Need], object]) -> tuple[float, float]:
    """Return the cost of the first frame, and the median of the others."""
    costs = []
    for _ in range(_SAMPLES):
        started = time.thread_time()
        next_frame(Need.NONE)
        costs.append((time.thread_time() - started) * 1e3)
    return costs[0], statistics.median(costs[1:])


def _recording_kib(name: str) -> float:
    """Return the memory of each recorded sample after the first."""
    with closing(RecordingHost(registry.open_collector(name))) as host:
        host.next_frame(Need.NONE)
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(_SAMPLES):
            host.next_frame(Need.NONE)
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
    return grown / _SAMPLES / 1024


def main(name: str = "traditional") -> None:
    """Print a line for each number of processes."""
    for size in _SIZES:
        with crowd(size) as count:
            with closing(LocalHost(registry.open_collector(name))) as plain:
                _, live_ms = _ms(plain.next_frame)
            with closing(RecordingHost(registry.open_collector(name))) as host:
                first_ms, recorded_ms = _ms(host.next_frame)
            _, replay_ms = _ms(RecordedHost(host.recording()).next_frame)
            kib = _recording_kib(name)
        print(
            f"{count:5} processes: live {live_ms:.1f} ms a frame, recorded "
            f"{recorded_ms:.1f} ms (first {first_ms:.1f}), replay {replay_ms:.1f} ms; "
            f"{kib:.0f} KiB a sample"
        )


if __name__ == "__main__":
    main()
