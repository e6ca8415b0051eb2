"""What remembering the last minutes costs, and how fast one goes back.

Run as `python -m bench.remembering [COLLECTOR]`: for each number of idle processes, of
which a tenth wakes every second, the CPU time of a sample with its frame, that of
remembering it, its bytes, and the time of steps and jumps back; medians.
"""

import statistics
import sys
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Final

from bench.crowd import crowd
from montauk_tui.collectors import registry
from montauk_tui.host.base import Place
from montauk_tui.host.remembering import RememberingHost
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Need

_SIZES: Final = (100, 1_000, 5_000)
_SAMPLES: Final = 90
_INTERVAL_S: Final = 0.25
_STEPS: Final = 40


class _Timed(RememberingHost):
    """Measures what keeping a frame costs."""

    kept_ms: list[float]

    def _keep(self, frame: Frame, opening: int) -> str:
        started = time.thread_time()
        said = super()._keep(frame, opening)
        self.kept_ms.append((time.thread_time() - started) * 1e3)
        return said


def _ms(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1e3


def main(name: str = "traditional") -> None:
    """Print two lines for each number of processes."""
    for size in _SIZES:
        with crowd(size) as count:
            host = _Timed(registry.open_collector(name), 900.0, 1 << 30)
            host.kept_ms = []
            with closing(host):
                _measure(host, count)


def _measure(host: _Timed, count: int) -> None:
    frames = []
    for _ in range(_SAMPLES):
        frames.append(host.next_frame(Need.NONE).cpu_s * 1e3)
        time.sleep(_INTERVAL_S)
    kept = statistics.median(host.kept_ms[2:])
    print(
        f"{count:5} processes: sample and frame {statistics.median(frames) - kept:.2f} "
        f"ms, remembering {kept:.2f} ms, {host.size_bytes / _SAMPLES / 1024:.2f} KiB "
        f"a sample, {host.size_bytes / _SAMPLES * 900 / (1 << 20):.1f} MiB of 15 min"
    )

    def gone(place: Place) -> None:
        host.go(place)
        host.past_frame(Need.NONE)

    jumps = [_ms(partial(gone, Place(seconds=seconds))) for seconds in (-9, 1e12, -18)]
    back = [_ms(partial(gone, Place(samples=-1))) for _ in range(_STEPS // 2)]
    forth = [_ms(partial(gone, Place(samples=1))) for _ in range(_STEPS // 2)]
    print(
        f"      a jump {max(jumps):.1f} ms, a step back {statistics.median(back):.1f} "
        f"(at most {max(back):.1f}) ms, forward {statistics.median(forth):.1f} ms"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
