"""The cost of the probes that record why processes are killed.

Needs root and BCC. CPU time of fork+exec+exit, and of signals that kill nobody, with
and without these two probes, the others attached. They are attached and detached
again and again, so that noise hits both; the kernel's own statistics of BPF programs
are exact.
"""

import contextlib
import ctypes
import math
import mmap
import os
import random
import resource
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from montauk_tui.collectors.kernel import bpf
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.collectors.kernel.loader import Loaded, Loader
from montauk_tui.collectors.kernel.parts import DEATHS
from montauk_tui.collectors.kernel.records import COUNTS
from montauk_tui.resources import folder

_SPAWNED: Final = 50
_SIGNALS: Final = 10_000
_MOST_PAUSE_S: Final = 0.02
_TIMES: Final = 20
_PAIRS: Final = 1_000
"""Short ones: noise of a shared machine changes within seconds."""
_SLOTS: Final = 1_024
_PROGRAM: Final = "signal_tracepoint"

_BPF_ENABLE_STATS: Final = 32
_SYS_BPF: Final = {"x86_64": 321, "aarch64": 280}
"""include/uapi/linux/bpf.h; system call numbers."""


def _cpus() -> int:
    text = Path("/sys/devices/system/cpu/possible").read_text("ascii").strip()
    return int(text.replace(",", "-").split("-")[-1]) + 1


@contextlib.contextmanager
def loaded() -> Iterator[Loaded]:
    """Attach the probes; nobody reads their logs."""
    defines = {
        "CPUS": _cpus(),
        "LIVES": _SLOTS,
        "BRIEFS": _SLOTS,
    }
    probes = Loader().load(folder("probes"), defines, "auto")
    try:
        yield probes
    finally:
        probes.close()


def _used_s() -> float:
    own, children = map(
        resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def spawn() -> None:
    """Start processes one after the other."""
    for _ in range(_SPAWNED):
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)


def send_harmless() -> None:
    """Send signals that are handled to this process itself."""
    pid, kill, number = os.getpid(), os.kill, signal.SIGUSR1
    for _ in range(_SIGNALS):
        kill(pid, number)


def cpu_s(work: Callable[[], None]) -> float:
    """Return the CPU time of a piece of work, and of its children."""
    before = _used_s()
    work()
    return _used_s() - before


def compare(name: str, work: Callable[[], None], count: int) -> None:
    """Print the cost of a piece of work with and without the two probes."""
    costs, plain = [], []
    with loaded() as probes:
        detach(probes)
        for pair in range(_PAIRS):
            used = {}
            # Who comes first alternates as well.
            for with_both in (True, False) if pair % 2 else (False, True):
                with attached(probes) if with_both else contextlib.nullcontext():
                    # Attaching ends at a tick, and the kernel knows the CPU time of
                    # short lives as of ticks only.
                    time.sleep(random.uniform(0, _MOST_PAUSE_S))  # noqa: S311
                    used[with_both] = cpu_s(work)
            costs.append((used[True] / used[False] - 1) * 100)
            plain.append(used[False])
    each_us = statistics.median(plain) / count * 1e6
    cost, error = median_and_error(costs)
    print(f"{count} {name}, {each_us:.2f} us of CPU each with the other probes")
    print(f"  with both {cost:+.2f} +- {error:.2f} % (median of {_PAIRS} pairs)")


def detach(probes: Loaded) -> None:
    """Detach the two probes; their programs stay loaded."""
    names = [function[: bpf.NAME_BYTES] for function, _ in DEATHS.tracepoints]
    for name, link in probes.descriptors.items():
        if not name.startswith("hook"):
            continue
        function, program = bpf.program_of(link)
        os.close(program)
        if function in names:
            # Another file in its place: it is closed with the others.
            with Path(os.devnull).open("rb") as nothing:
                os.dup2(nothing.fileno(), link)


@contextlib.contextmanager
def attached(probes: Loaded) -> Iterator[None]:
    """Attach the two probes."""
    links = [
        bpf.attach_raw_tracepoint(probes.descriptors[function], tracepoint)
        for function, tracepoint in DEATHS.tracepoints
    ]
    try:
        yield
    finally:
        for link in links:
            os.close(link)


def median_and_error(values: list[float]) -> tuple[float, float]:
    """Return the median and its standard error, which a few outliers do not change."""
    middle = statistics.median(values)
    deviation = 1.4826 * statistics.median(abs(value - middle) for value in values)
    return middle, 1.2533 * deviation / math.sqrt(len(values))


@contextlib.contextmanager
def statistics_of_programs() -> Iterator[None]:
    """Let the kernel time its BPF programs; nothing where it cannot."""
    number = _SYS_BPF.get(os.uname().machine)
    attributes = (ctypes.c_uint32 * 32)()
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = -1
    if number is not None:
        descriptor = libc.syscall(number, _BPF_ENABLE_STATS, attributes, 128)
    try:
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _timed(descriptor: int) -> tuple[int, int]:
    """Return the ns and the runs of a program (proc_pid_fdinfo(5))."""
    text = Path(f"/proc/self/fdinfo/{descriptor}").read_text("ascii")
    values = dict(line.split(":", 1) for line in text.splitlines())
    return int(values.get("run_time_ns", 0)), int(values.get("run_cnt", 0))


def _records(probes: Loaded) -> int:
    """Return how many fatal signals were recorded."""
    size = -(-COUNTS.itemsize * _cpus() // mmap.PAGESIZE) * mmap.PAGESIZE
    with mmap.mmap(probes.descriptors["counts"], size, prot=mmap.PROT_READ) as counts:
        found = np.frombuffer(counts.read(COUNTS.itemsize * _cpus()), dtype=COUNTS)
        return int(found["deaths"].sum())


def time_program(name: str, work: Callable[[], None], count: int) -> None:
    """Print how long the probe itself runs, by the kernel's own statistics."""
    with loaded() as probes, statistics_of_programs():
        (ns, runs), recorded = _timed(probes.descriptors[_PROGRAM]), _records(probes)
        used_s = sum(cpu_s(work) for _ in range(_TIMES))
        more_ns, more_runs = _timed(probes.descriptors[_PROGRAM])
        logged = _records(probes) - recorded
    ns, runs, count = more_ns - ns, more_runs - runs, count * _TIMES
    if not runs:
        print(f"{count} {name}: the kernel does not time its programs")
        return
    share = ns / (used_s * 1e9) * 100
    print(f"{count} {name}: {runs} signals on the machine, {ns / runs:.0f} ns each")
    print(f"  {share:.2f} % of their CPU time; {logged} records")


def main() -> None:
    """Print all of it, or why it cannot be measured."""
    state = KernelCollector().availability()
    if not state.available:
        print(f"kernel collector: {state.reason}; {state.remedy}")
        return
    signal.signal(signal.SIGUSR1, lambda *_: None)
    for name, work, count in (
        ("fork+exec+exit", spawn, _SPAWNED),
        ("signals that kill nobody", send_harmless, _SIGNALS),
    ):
        time_program(name, work, count)
        compare(name, work, count)


if __name__ == "__main__":
    main()
