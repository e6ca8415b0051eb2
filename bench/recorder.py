"""What recording costs, and how fast a recording is read.

Run as `python -m bench.recorder [COLLECTOR]`: for each number of idle processes, of
which a tenth wakes every second, the CPU time of a sample with its frame, of recording
it, its bytes on disk, and of a step and a jump in the recording; medians.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

from bench.crowd import crowd
from montauk_tui.collectors import registry
from montauk_tui.host.local import LocalHost
from montauk_tui.host.recorded import RecordedHost
from montauk_tui.model.schema import Need
from montauk_tui.recorder.folder import Folder
from montauk_tui.recorder.reader import DiskRecording
from montauk_tui.recorder.retention import Limits
from montauk_tui.recorder.writer import Writer

_SIZES: Final = (100, 1_000, 5_000)
_SAMPLES: Final = 90
_INTERVAL_S: Final = 0.25
_LIMITS: Final = Limits(age_s=1e9, size_bytes=1 << 40, full_s=1e9)
_DAY_S: Final = 86_400


def _ms(action: Callable[[], object]) -> float:
    started = time.thread_time()
    action()
    return (time.thread_time() - started) * 1e3


def main(name: str = "traditional") -> None:
    """Print two lines for each number of processes."""
    for size in _SIZES:
        with crowd(size, "waking") as count, tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "it"
            _write(name, count, path)
            _read(path)


def _write(name: str, count: int, path: Path) -> None:
    plain, recording = [], []
    writer = Writer(Folder.made(path), _LIMITS)
    with closing(LocalHost(registry.open_collector(name))) as host, closing(writer):
        for _ in range(_SAMPLES):
            started = time.thread_time()
            frame = host.next_frame(Need.NONE)
            sampled = time.thread_time()
            writer.take(frame, 0)
            recording.append((time.thread_time() - sampled) * 1e3)
            plain.append((sampled - started) * 1e3)
            time.sleep(_INTERVAL_S)
        kib = writer.bytes / 1024
    day_gib = writer.bytes / _SAMPLES * _DAY_S / (1 << 30)
    print(
        f"{count:5} processes: sample and frame {statistics.median(plain):.2f} ms, "
        f"recording {statistics.median(recording):.2f} ms (in full {recording[0]:.1f}),"
        f" {kib / _SAMPLES:.2f} KiB, {day_gib:.2f} GiB a day at 1 s"
    )


def _read(path: Path) -> None:
    with closing(Folder.opened(path)) as folder:
        opening: list[DiskRecording] = []
        opened_ms = _ms(lambda: opening.append(DiskRecording(folder)))
    recording = opening[0]
    last = len(recording) - 1
    jump_ms = _ms(lambda: recording[last])
    recording[0]
    steps = [_ms(partial(recording.__getitem__, at)) for at in range(1, last)]
    with closing(RecordedHost(recording)) as host:
        frame_ms = _ms(partial(_go_to, host, last))
    print(
        f"      open {opened_ms:.1f} ms, a step {statistics.median(steps):.2f} ms, "
        f"a jump {jump_ms:.1f} ms, with its frame and history {frame_ms:.1f} ms"
    )


def _go_to(host: RecordedHost, number: int) -> None:
    host.go_to(number)
    host.next_frame(Need.NONE)


if __name__ == "__main__":
    main(*sys.argv[1:])
