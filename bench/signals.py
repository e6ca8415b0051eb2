"""The cost of the probes that record why processes are killed.

Needs root and BCC. Wall clock of fork+exec+exit, and of signals that kill nobody, with
the two probes at their tracepoints and at others that nothing reaches, so that each
side attaches two probes. The other probes stay attached. In the order ABBA, alternating
with BAAB, in blocks of a few ms, real-time on one CPU: noise of a shared machine hits
both sides. The same pairs with both sides at the tracepoints that nothing reaches show
what the method cannot tell from 0. The kernel's own statistics of BPF programs are
exact.
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
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from montauk_tui.collectors.kernel import bpf
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.collectors.kernel.loader import Loaded, Loader
from montauk_tui.collectors.kernel.parts import DEATHS
from montauk_tui.collectors.kernel.records import COUNTS
from montauk_tui.resources import folder

_SPAWNED: Final = 20
_SIGNALS: Final = 2_000
_MOST_PAUSE_S: Final = 0.004
_TIMES: Final = 50
_PAIRS: Final = {"fork+exec+exit": 1_000, "signals that kill nobody": 100}
"""Short ones: noise of a shared machine changes within seconds."""
_SLOTS: Final = 1_024
_PROGRAM: Final = "signal_tracepoint"
_TARGET_PERCENT: Final = 0.5

_WATCHED: Final = DEATHS.tracepoints
_UNUSED: Final = ((_PROGRAM, "xdp_redirect_err"), _WATCHED[1])
"""A network device that redirects packets and fails has as many arguments, too."""

Places = Sequence[tuple[str, str]]
"""Functions of the two probes and the tracepoints at which they run."""

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


def spawn() -> float:
    """Start processes one after the other; return the usual ns of one."""
    clock, taken = time.perf_counter_ns, []
    for _ in range(_SPAWNED):
        began = clock()
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
        taken.append(clock() - began)
    return statistics.median(taken)


def send_harmless() -> float:
    """Send signals that are handled to this process itself; return the ns of one."""
    pid, kill, number = os.getpid(), os.kill, signal.SIGUSR1
    began = time.perf_counter_ns()
    for _ in range(_SIGNALS):
        kill(pid, number)
    return (time.perf_counter_ns() - began) / _SIGNALS


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Run before all ordinary processes, on one CPU, with all children."""
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cpus)})
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        os.sched_setaffinity(0, cpus)


def compare(name: str, work: Callable[[], float]) -> None:
    """Print what a piece of work costs more with the two probes."""
    costs, nothing, plain = [], [], []
    began = time.monotonic()
    with loaded() as probes, undisturbed():
        detach(probes)
        for pair in range(_PAIRS[name]):
            used, unused = quadruple(probes, work, _WATCHED, pair)
            costs.append((used / unused - 1) * 100)
            plain.append(unused)
            used, unused = quadruple(probes, work, _UNUSED, pair)
            nothing.append((used / unused - 1) * 100)
    cost, error = median_and_error(costs)
    zero, zero_error = median_and_error(nothing)
    print(f"{name}, {statistics.median(plain) / 1e3:.2f} us each with the other probes")
    print(f"  with both          {cost:+.2f} +- {error:.2f} % (standard error)")
    print(f"  nothing in place   {zero:+.2f} +- {zero_error:.2f} %")
    print(f"  {len(costs)} pairs of each in {time.monotonic() - began:.0f} s")
    if work is spawn:
        print(f"  at most {_TARGET_PERCENT} %: {verdict(cost, error)}")


def verdict(cost: float, error: float) -> str:
    """Tell whether a cost is within the target, at two standard errors."""
    if cost + 2 * error <= _TARGET_PERCENT:
        return "yes"
    return "no" if cost - 2 * error > _TARGET_PERCENT else "not resolved"


def quadruple(
    probes: Loaded, work: Callable[[], float], where: Places, number: int
) -> tuple[float, float]:
    """Return the ns with the probes at these tracepoints, and at unused ones."""
    taken: dict[bool, list[float]] = {True: [], False: []}
    first = number % 2 == 0
    for at_where in (first, not first, not first, first):
        with attached(probes, where if at_where else _UNUSED):
            # Attaching ends at a tick, and leaves caches of code empty.
            time.sleep(random.uniform(0, _MOST_PAUSE_S))  # noqa: S311
            work()
            taken[at_where].append(work())
    return statistics.mean(taken[True]), statistics.mean(taken[False])


def detach(probes: Loaded) -> None:
    """Detach the two probes; their programs stay loaded."""
    names = [function[: bpf.NAME_BYTES] for function, _ in _WATCHED]
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
def attached(probes: Loaded, where: Places) -> Iterator[None]:
    """Attach the two probes at these tracepoints."""
    links = [
        bpf.attach_raw_tracepoint(probes.descriptors[function], tracepoint)
        for function, tracepoint in where
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


def timed(descriptor: int) -> tuple[int, int]:
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


def time_program(name: str, work: Callable[[], object], count: int) -> None:
    """Print how long the probe itself runs, by the kernel's own statistics."""
    with loaded() as probes, statistics_of_programs():
        (ns, runs), recorded = timed(probes.descriptors[_PROGRAM]), _records(probes)
        before_s = _used_s()
        for _ in range(_TIMES):
            work()
        used_s = _used_s() - before_s
        more_ns, more_runs = timed(probes.descriptors[_PROGRAM])
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
    works = ((spawn, _SPAWNED), (send_harmless, _SIGNALS))
    for name, (work, count) in zip(_PAIRS, works, strict=True):
        time_program(name, work, count)
        compare(name, work)


if __name__ == "__main__":
    main()
