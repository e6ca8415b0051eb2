"""The cost of the probes that record execs that fail.

Needs root, BCC and a kernel with BPF trampolines. Wall clock of fork+exec+exit, and of
an execve(2) of a missing file, with the probes at the returns of execve and execveat,
and without them; the other probes stay attached. In the order ABBA, alternating with
BAAB, real-time on one CPU. What a call that succeeds costs is too little to be seen
there: so the same probe is put at the return of getpgid(2), which takes much less time.
The kernel's own statistics of BPF programs are exact.
"""

import contextlib
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from bench.signals import (
    median_and_error,
    spawn,
    statistics_of_programs,
    timed,
    undisturbed,
)
from montauk_tui.collectors.kernel import bpf
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.collectors.kernel.loader import Loaded, Loader
from montauk_tui.collectors.kernel.origin import surroundings
from montauk_tui.collectors.kernel.parts import ATTEMPTS, EVERY, Part

PAIRS: Final = 50
_TIMES: Final = 20
_MOST_PAUSE_S: Final = 0.004
_FAILED: Final = 500
_CALLS: Final = 5_000
_MISSING: Final = "/no/such/program"
_NAMES: Final = tuple(function for function, _ in ATTEMPTS.returns)
_AT_GETPGID: Final = ATTEMPTS._replace(returns=((_NAMES[0], "getpgid"),))


class Refused(Exception):
    """The kernel does not attach the probes, or not again."""


class Cost(NamedTuple):
    """What a piece of work takes more with the probes."""

    ns: float
    error_ns: float
    """Its standard error."""
    without_ns: float
    """What it takes without them."""

    def __str__(self) -> str:
        """Return it in a line."""
        share, error = (100 * it / self.without_ns for it in (self.ns, self.error_ns))
        more = f"{self.ns:+.0f} +- {self.error_ns:.0f} ns"
        return f"{more}, {share:+.2f} +- {error:.2f} % of {self.without_ns:.0f} ns"


def fail() -> float:
    """Run a program that does not exist again and again; return the ns of one."""
    began = time.perf_counter_ns()
    for _ in range(_FAILED):
        with contextlib.suppress(FileNotFoundError):
            os.execv(_MISSING, (_MISSING,))  # noqa: S606 - there is no such file
    return (time.perf_counter_ns() - began) / _FAILED


def call() -> float:
    """Call getpgid(2) again and again; return the ns of one."""
    getpgid = os.getpgid
    began = time.perf_counter_ns()
    for _ in range(_CALLS):
        getpgid(0)
    return (time.perf_counter_ns() - began) / _CALLS


@contextlib.contextmanager
def loaded(part: Part) -> Iterator[Loaded]:
    """Attach the probes; nobody reads their logs.

    Raises:
        Refused: The probes of execs that fail are not among them.
    """
    # As the collector has them: compiled once. Kprobes are no links everywhere.
    probes, sizes = surroundings()
    parts = [part if one is ATTEMPTS else one for one in EVERY]
    found = Loader().load(probes, sizes.defines(), "tracepoints", parts=parts)
    try:
        if _NAMES[0] not in found.descriptors:
            raise Refused("the kernel refuses the probes")
        yield found
    finally:
        found.close()


@contextlib.contextmanager
def attached(programs: Sequence[int]) -> Iterator[None]:
    """Attach programs at the returns that they are for.

    Raises:
        Refused: They were attached before, and this kernel does it once.
    """
    try:
        links = [bpf.attach_to_return(one) for one in programs]
    except FileNotFoundError as error:
        reason = "before Linux 5.13 such a program is attached once only"
        raise Refused(reason) from error
    try:
        yield
    finally:
        for link in links:
            os.close(link)


def detach(probes: Loaded) -> list[int]:
    """Detach the probes of execs that fail; return their programs."""
    for name, link in probes.descriptors.items():
        if not name.startswith("hook"):
            continue
        function, program = bpf.program_of(link)
        os.close(program)
        if function in [one[: bpf.NAME_BYTES] for one in _NAMES]:
            # Another file in its place: it is closed with the others.
            with Path(os.devnull).open("rb") as nothing:
                os.dup2(nothing.fileno(), link)
    found = map(probes.descriptors.get, _NAMES)
    return [program for program in found if program is not None]


def compare(
    work: Callable[[], float],
    pairs: int = PAIRS,
    times: int = _TIMES,
    part: Part = ATTEMPTS,
) -> Cost:
    """Return what a piece of work costs more with the probes.

    To attach takes up to a second: the kernel waits until nobody runs the function.

    Args:
        work: Returns what it took, in ns.
        pairs: Each in the order ABBA.
        times: How often it is done after each change.
        part: The probes, and where they are attached.
    """
    more, plain = [], []
    with loaded(part) as probes, undisturbed():
        programs = detach(probes)
        for pair in range(pairs):
            taken: dict[bool, list[float]] = {True: [], False: []}
            first = pair % 2 == 0
            for is_with in (first, not first, not first, first):
                with attached(programs if is_with else ()):
                    # Attaching ends at a tick, and leaves caches of code empty.
                    time.sleep(random.uniform(0, _MOST_PAUSE_S))  # noqa: S311
                    work()
                    took = [work() for _ in range(times)]
                    taken[is_with].append(statistics.median(took))
            with_them, without = map(statistics.mean, (taken[True], taken[False]))
            more.append(with_them - without)
            plain.append(without)
    return Cost(*median_and_error(more), statistics.median(plain))


def program_ns(work: Callable[[], float], times: int = _TIMES) -> str:
    """Return how long the probe at execve runs each time, by the kernel's count."""
    with loaded(ATTEMPTS) as probes, statistics_of_programs():
        ns, runs = timed(probes.descriptors[_NAMES[0]])
        for _ in range(times):
            work()
        more_ns, more_runs = timed(probes.descriptors[_NAMES[0]])
    if more_runs == runs:
        return "the kernel does not time its programs"
    return f"{(more_ns - ns) / (more_runs - runs):.0f} ns each of {more_runs - runs}"


def lines(
    spawning: Callable[[], float] = spawn, pairs: int = PAIRS, times: int = _TIMES
) -> Iterator[str]:
    """Yield all costs.

    Raises:
        Refused: The kernel does not attach the probes.
    """
    for name, work in (("fork+exec+exit", spawning), ("a failed exec", fail)):
        cost = compare(work, pairs, times)
        yield f"{name}: {cost}; the probe itself {program_ns(work)}"
        if work is spawning:
            one = compare(call, pairs, times, _AT_GETPGID)
            share = 100 * one.ns / cost.without_ns
            yield f"a call that succeeds: {one}, {share:.3f} % of fork+exec+exit"


def main() -> None:
    """Print all of it, or why it cannot be measured."""
    state = KernelCollector().availability()
    if not state.available:
        print(f"kernel collector: {state.reason}; {state.remedy}")
        return
    try:
        for line in lines():
            print(line, flush=True)
    except Refused as refused:
        print(refused)


if __name__ == "__main__":
    main()
