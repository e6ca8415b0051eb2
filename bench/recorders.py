"""Recorders beside each other: montauk and atop, the same minutes at 1 s.

Run as `python -m bench.recorders [SECONDS]`, as root: CPU time, memory and bytes of
each at 1,000 and 5,000 processes, of which a tenth wakes every second, and how many
processes of a fork storm each can name afterwards. CPU time is that of all processes of
a recorder, after it has settled.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.accuracy.cgroup import group
from bench.crowd import crowd
from bench.usage import Tree

_SIZES: Final = (1_000, 5_000)
_WARM_UP_S: Final = 25.0
_STORM: Final = 2_000
_NAME: Final = "stormy"
_DAY_S: Final = 86_400
_MONTAUK: Final = (sys.executable, "-m", "montauk_tui")
_KERNEL: Final = ("--collector", "kernel")
_IN_CGROUP: Final = 'echo $$ >"$0"/cgroup.procs; exec "$@"'


@dataclass(frozen=True)
class Recorder:
    """A program that records."""

    name: str
    command: Callable[[Path], list[str]]
    """Given the place to record to."""
    named: Callable[[Path], int]
    """Counts the processes of the storm in what it recorded."""


@dataclass
class Running:
    """A recorder at work."""

    recorder: Recorder
    place: Path
    process: "subprocess.Popen[bytes]"
    tree: Tree

    def size(self) -> int:
        """Return the bytes it has written."""
        files = self.place.rglob("*") if self.place.is_dir() else [self.place]
        return sum(it.stat().st_size for it in files if it.is_file())


def _named_by_montauk(place: Path) -> int:
    command = [*_MONTAUK, "events", "--json", "--recording", str(place)]
    done = subprocess.run(command, capture_output=True, check=True)
    lines = map(json.loads, done.stdout.splitlines())
    return len(
        {
            (it["pid"], it["start_time"])
            for it in lines
            if it.get("event") == "exit" and it["comm"] == _NAME
        }
    )


def _named_by_atop(place: Path) -> int:
    command = ["atop", "-r", str(place), "-P", "PRG"]
    done = subprocess.run(command, capture_output=True, check=False)
    # Host, epoch, date, time, interval, PID, name in parentheses.
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    mine = (line.split() for line in lines if f"({_NAME})" in line)
    return len({words[6] for words in mine})


RECORDERS: Final = (
    Recorder(
        "montauk",
        lambda place: [*_MONTAUK, "record", "--dir", str(place), *_KERNEL],
        _named_by_montauk,
    ),
    Recorder("atop", lambda place: ["atop", "-w", str(place), "1"], _named_by_atop),
)  # fmt: skip


@contextmanager
def running(recorder: Recorder, place: Path) -> Iterator[Running]:
    """Run a recorder in a cgroup of its own."""
    with group() as cgroup:
        command = recorder.command(place)
        if cgroup is not None:
            command = ["sh", "-c", _IN_CGROUP, str(cgroup.folder), *command]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(
            command, stdin=quiet, stdout=quiet, stderr=quiet
        ) as process:
            try:
                yield Running(recorder, place, process, Tree(process.pid, cgroup))
            finally:
                process.send_signal(signal.SIGTERM)


def _storm(folder: Path) -> None:
    """Start programs with a name of their own one after the other."""
    program = str(shutil.copy("/bin/true", folder / _NAME))
    for number in range(_STORM):
        os.waitpid(os.posix_spawn(program, [program, str(number)], {}), 0)


def _measured(one: Running, seconds: float, before: tuple[float, int]) -> str:
    used_s, size = one.tree.cpu_s() - before[0], one.size() - before[1]
    pss_mib = one.tree.pss_bytes() / (1 << 20)
    return (
        f"{one.recorder.name}: {used_s / seconds * 100:.2f} % of a core, "
        f"{pss_mib:.1f} MiB PSS, {size / seconds / 1024:.2f} KiB/s, "
        f"{size / seconds * _DAY_S / (1 << 30):.2f} GiB a day"
    )


def main(seconds: str = "60") -> None:
    """Print a line for each recorder and number of processes, and the storm's."""
    measured_s = float(seconds)
    found = [it for it in RECORDERS if shutil.which(it.command(Path())[0])]
    for missing in set(RECORDERS) - set(found):
        print(f"{missing.name} is not installed")
    for size in _SIZES:
        with crowd(size, "waking") as count, tempfile.TemporaryDirectory() as folder:
            print(f"{count:,} processes, {measured_s:g} s")
            _beside(found, Path(folder), measured_s, storm=size == _SIZES[0])


def _beside(
    recorders: list[Recorder], folder: Path, seconds: float, *, storm: bool
) -> None:
    with ExitStack() as stack:
        all_of_them = [
            stack.enter_context(running(it, folder / it.name)) for it in recorders
        ]
        time.sleep(_WARM_UP_S)
        before = [(it.tree.cpu_s(), it.size()) for it in all_of_them]
        began_s = time.monotonic()
        time.sleep(seconds)
        took_s = time.monotonic() - began_s
        for one, values in zip(all_of_them, before, strict=True):
            print(f"  {_measured(one, took_s, values)}")
        if storm:
            _storm(folder)
            # The last exits are in the sample after the next.
            time.sleep(3.0)
    if storm:
        for one in all_of_them:
            named = one.recorder.named(one.place)
            print(
                f"  {one.recorder.name}: names {named:,} of {_STORM:,} of a fork storm"
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
