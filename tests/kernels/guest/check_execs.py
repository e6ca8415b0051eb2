"""Execs that fail are told with their error and file, and are not counted as execs."""

import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.execs import Refused, lines
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.model.sample import Counters
from montauk_tui.model.schema import Need
from montauk_tui.model.starts import EXEC, EXEC_FAILED, error_name

WAIT_S = 60.0
PAIRS, TIMES = 4, 1
"""The machine is emulated: `python -m bench.execs` has more of them."""
TRY = """
import os, sys
file = sys.argv[1]
if sys.argv[2] == "descriptor":
    file = os.open(file, os.O_RDONLY)
try:
    os.execve(file, ["tried", "an argument"], {})
except OSError:
    pass
"""
"""In a process of its own, after its own exec."""
COUNT = 5_000
STORM = """
import os, sys
for _ in range(int(sys.argv[1])):
    try:
        os.execv("/no/such/program", ["program"])
    except OSError:
        pass
"""


@contextmanager
def files() -> Iterator[dict[str, tuple[str, str]]]:
    """Return files that cannot be run, and what is told of the exec, by kind."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "text").write_text("neither a script nor a program\n")
        (folder / "text").chmod(0o755)
        (folder / "data").write_text("no program\n")
        (folder / "data").chmod(0o644)
        (folder / "folder").mkdir()
        (folder / "no-interpreter").write_text("#!/no/such/interpreter\n")
        (folder / "no-interpreter").chmod(0o755)
        yield {
            "missing": (f"{folder}/missing", f"{folder}/missing ENOENT"),
            "data": (f"{folder}/data", f"{folder}/data EACCES"),
            "text": (f"{folder}/text", f"{folder}/text ENOEXEC"),
            "folder": (f"{folder}/folder", f"{folder}/folder EACCES"),
            "interpreter": (
                f"{folder}/no-interpreter",
                f"{folder}/no-interpreter ENOENT",
            ),
            "descriptor": (f"{folder}/data", " EACCES"),
        }


class Told(NamedTuple):
    """What the collector said until a process had exited."""

    failed: list[str]
    """Its execs that failed."""
    execs: int
    """Its other execs."""
    uncounted: int
    """Execs of all processes, less what was counted; none where none is lost."""


def told(collector: KernelCollector, pid: int, before: Counters) -> Told:
    failed: list[str] = []
    execs = everybodys = 0
    end_s = time.monotonic() + WAIT_S
    while time.monotonic() < end_s:
        sample = collector.sample(Need.NONE)
        assert sample.starts is not None
        assert sample.exits is not None
        everybodys += int((sample.starts.kind == EXEC).sum())
        mine = sample.starts.only(sample.starts.pid == pid)
        execs += int((mine.kind == EXEC).sum())
        rows = mine.only(mine.kind == EXEC_FAILED)
        failed += [
            f"{exe.decode()} {error_name(number)} {argv.decode()!r} by {comm.decode()}"
            for exe, number, argv, comm in zip(
                rows.exe.tolist(), rows.errno.tolist(), rows.cmdline.tolist(),
                rows.comm.tolist(), strict=True,
            )
        ]  # fmt: skip
        if pid in sample.exits.pid:
            break
        time.sleep(0.2)
    counted = (sample.counters.execs or 0) - (before.execs or 0)
    return Told(failed, execs, everybodys - counted)


def verdict(collector: KernelCollector, kind: str, file: str, wanted: str) -> str:
    """Return the line of one way to fail."""
    before = collector.sample(Need.NONE).counters
    command = [sys.executable, "-S", "-E", "-c", TRY, file, kind]
    process = subprocess.Popen(command)
    process.wait()
    found = told(collector, process.pid, before)
    argv, name = repr("tried\0an argument"), Path(sys.executable).name
    if kind == "descriptor" and os.uname().release.startswith("5.10."):
        # Its type information has no arguments of execveat.
        return f"skip execs-{kind} {found}"
    good = found == ([f"{wanted} {argv} by {name}"], 1, 0)
    return f"{'pass' if good else 'FAIL'} execs-{kind} {found}"


def storm(collector: KernelCollector) -> str:
    """Return the line of many failed execs at once, beside which no exit is lost."""
    before = collector.sample(Need.NONE).counters
    command = [sys.executable, "-S", "-E", "-c", STORM, str(COUNT)]
    process = subprocess.Popen(command)
    found = told(collector, process.pid, before)
    process.wait()
    after = collector.sample(Need.NONE).counters
    failed = after.lost_failed_execs - before.lost_failed_execs
    others = after.lost - before.lost
    good = len(found.failed) <= COUNT <= len(found.failed) + failed and not others
    said = f"{len(found.failed)} told, {failed} lost, {others} others lost"
    return f"{'pass' if good else 'FAIL'} execs-storm {said}"


def tiny_program(folder: Path) -> str:
    """Write a program that exits at once, and needs no library, for x86-64.

    Files of the host come over 9p, which takes longer than the kernel does.
    """
    base, header, entry = 0x400000, 64, 56
    code = b"\x31\xff\xb8\x3c\x00\x00\x00\x0f\x05"  # exit(0)
    size = header + entry + len(code)
    elf = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 2, 62, 1, base + header + entry, header, 0, 0, header, entry,
        1, 0, 0, 0,
    )  # fmt: skip
    elf += struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, size, size, 0x1000)
    path = folder / "tiny"
    path.write_bytes(elf + code)
    path.chmod(0o755)
    return str(path)


def costs(program: str) -> Iterator[str]:
    """Yield a line for each piece of work."""

    def spawn() -> float:
        began = time.perf_counter_ns()
        for _ in range(20):
            os.waitpid(os.posix_spawn(program, [program], {}), 0)
        return (time.perf_counter_ns() - began) / 20

    yield from lines(spawn, PAIRS, TIMES)


def main() -> None:
    collector = KernelCollector()
    collector.open()
    with closing(collector):
        print(f"execs on {os.uname().release}", file=sys.stderr)
        if not collector.sample(Need.NONE).sees_failed_execs:
            print("FAIL execs the kernel refuses the probes at the returns of execve")
            return
        with files() as wanted:
            for kind, (file, line) in wanted.items():
                print(verdict(collector, kind, file, line), flush=True)
        print(storm(collector), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        try:
            for line in costs(tiny_program(Path(folder))):
                print(f"pass execs-cost {line}", flush=True)
        except Refused as refused:
            print(f"skip execs-cost {refused}")


if __name__ == "__main__":
    main()
