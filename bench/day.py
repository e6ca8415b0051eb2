"""A day of recording, simulated: size, thinning, retention, and how fast it is read.

Run as `python -m bench.day [PROCESSES [HOURS]]`, by default 1,000 for 24 hours. Format,
writer and program that thins are the real ones; the processes are those of
`bench.world`, and the clock is theirs, so that a day takes some minutes. Figures of
reading are medians and the most, of CPU time; the files are in memory.
"""

import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from bench.world import BEGIN_S, World
from montauk_tui.host.recorded import RecordedHost
from montauk_tui.model.frame import CollectorStatus
from montauk_tui.model.lookups import Lookups
from montauk_tui.model.schema import Need
from montauk_tui.pipeline.chain import Reading
from montauk_tui.pipeline.frames import FramePipeline
from montauk_tui.recorder.folder import Folder
from montauk_tui.recorder.reader import DiskRecording
from montauk_tui.recorder.retention import Limits, Retention
from montauk_tui.recorder.writer import Writer

_ALL: Final = Limits(age_s=1e9, size_bytes=1 << 50, full_s=1e9)
_JUMPS: Final = 100
_STEPS: Final = 20
_DAY_S: Final = 86_400


def main(processes: str = "1000", hours: str = "24") -> None:
    """Print a line for each part."""
    seconds = round(float(hours) * 3600)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "it"
        _write(path, int(processes), seconds)
        _read(path, "in full")
        _thin(path, seconds)
        _read(path, "half of it thinned")
        _remove(path, seconds)


def _write(path: Path, processes: int, seconds: int) -> None:
    world = World(processes)
    # Answers what a recording asks for, and nothing else.
    lookups, status = cast("Lookups", world), CollectorStatus("kernel", "")
    first = FramePipeline().frame(Reading(world.sample(), status, lookups, 0))
    costs = []
    with closing(Writer(Folder.made(path), _ALL)) as writer:
        for second in range(seconds):
            sample = world.sample() if second else first.sample
            frame = replace(first, sample=sample, interval_s=1.0)
            started = time.thread_time()
            writer.take(frame, 0)
            costs.append((time.thread_time() - started) * 1e3)
    size = _size(path)
    print(
        f"{processes:,} processes, {seconds / 3600:g} h: {_mib(size):,.0f} MiB in "
        f"{_count(path)} segments, {_mib(size) / seconds * _DAY_S / 1024:.2f} GiB "
        f"a day; {statistics.median(costs):.2f} ms a sample, at most {max(costs):.0f}"
    )


def _read(path: Path, what: str) -> None:
    with closing(Folder.opened(path)) as folder:
        opened = []
        opening_ms = _ms(lambda: opened.append(DiskRecording(folder)))
    recording = opened[0]
    chance = random.Random(16)  # noqa: S311 - no secret
    places = [chance.randrange(len(recording)) for _ in range(_JUMPS)]
    alone = [_ms(partial(recording.__getitem__, place)) for place in places]
    with closing(RecordedHost(recording)) as host:
        jumps = [_ms(partial(_go, host, place)) for place in places]
        steps = [ms for place in places[:_STEPS] for ms in _steps(host, place)]
    print(
        f"  {what}: {len(recording):,} moments open in {opening_ms:.0f} ms; "
        f"a moment {_both(alone)}; a jump with its frame and history {_both(jumps)}; "
        f"a step {_both(steps)}"
    )
    recording.close()


def _steps(host: RecordedHost, place: int) -> Iterator[float]:
    """Yield what each step costs, on from a moment and back to before it."""
    _go(host, place)
    last = len(host.timeline.monotonic_s) - 1
    ahead = [*range(place + 1, min(last, place + _STEPS) + 1)]
    for number in (*ahead, *range(place + len(ahead) - 1, max(0, place - _STEPS), -1)):
        yield _ms(partial(_go, host, number))


def _go(host: RecordedHost, number: int) -> None:
    host.go_to(number)
    host.next_frame(Need.NONE)


@contextmanager
def _keeping(path: Path, limits: Limits, seconds: int) -> Iterator[Retention]:
    with closing(Folder.made(path)) as folder:
        clock = lambda: (BEGIN_S + seconds) * 10**9  # noqa: E731
        with closing(Retention(folder, limits, clock)) as keeper:
            yield keeper


def _thin(path: Path, seconds: int) -> None:
    before, count = _sizes(path), _count(path)
    used_s = _children_s()
    with _keeping(path, _ALL._replace(full_s=seconds / 2), seconds) as keeper:
        began_s = time.monotonic()
        keeper.thin_old("")
        keeper.wait()
        took_s = time.monotonic() - began_s
    used_s, after = _children_s() - used_s, _sizes(path)
    small = [name for name in after if after[name] < before[name]]
    full, thinned = (sum(some[name] for name in small) for some in (before, after))
    print(
        f"  thinned {len(small)} of {count} segments: {_mib(full):,.1f} to "
        f"{_mib(thinned):,.1f} MiB, {used_s / max(1, len(small)):.2f} s of CPU each, "
        f"{took_s:.0f} s in all"
    )


def _remove(path: Path, seconds: int) -> None:
    limits = _ALL._replace(age_s=seconds / 2, size_bytes=_size(path) * 9 // 10)
    with _keeping(path, limits, seconds) as keeper:
        before = _count(path)
        took_ms = _ms(lambda: keeper.make_room(0))
    print(
        f"  limits of half the time and nine tenths of the size: "
        f"{before - _count(path)} segments removed in {took_ms:.0f} ms, "
        f"{_mib(_size(path)):,.0f} MiB left"
    )


def _sizes(path: Path) -> dict[str, int]:
    return {one.name: one.stat().st_size for one in path.glob("*.mtk")}


def _size(path: Path) -> int:
    return sum(_sizes(path).values())


def _count(path: Path) -> int:
    return len(_sizes(path))


def _mib(size: int) -> float:
    return size / (1 << 20)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _ms(action: Callable[[], Any]) -> float:
    started = time.thread_time()
    action()
    return (time.thread_time() - started) * 1e3


def _both(figures: list[float]) -> str:
    return f"{statistics.median(figures):.1f} ms, at most {max(figures):.1f} ms"


if __name__ == "__main__":
    main(*sys.argv[1:])
