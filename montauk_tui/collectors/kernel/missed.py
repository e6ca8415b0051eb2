"""How often the kernel did not run a probe.

It does not run a probe that it interrupted on the same CPU
(bpf_prog_get_recursion_context in include/linux/bpf.h), and no kprobe inside another
program. It counts them from 5.12 on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from montauk_tui.collectors.kernel import bpf

_RECORDS: Final = {
    "forks": ("fork_kprobe",),
    "execs": ("exec_tracepoint",),
    "exits": ("exit_tracepoint", "exit_kprobe", "do_exit_kprobe"),
    "attempts": ("execve_return", "execveat_return"),
}
"""The programs of each event, except those that run while the scheduler holds the CPU.
A lost final record is counted when its exit is late."""


def recursions(programs: Mapping[str, int]) -> int:
    """Return how often the kernel did not run programs of events that they record.

    Args:
        programs: Descriptors by the names of their functions, among others.

    Raises:
        OSError: The kernel does not report them.
    """
    names = [name for kind in _RECORDS.values() for name in kind if name in programs]
    return sum(bpf.recursion_misses(programs[name]) for name in names)


class Missed:
    """Counts the events that were not recorded since it was made."""

    def __init__(self, descriptors: Mapping[str, int]) -> None:
        """Begin at 0.

        Args:
            descriptors: Of the programs, by the names of their functions, among others.

        Raises:
            OSError: The kernel does not report them.
        """
        self._programs = {
            kind: [descriptors[name] for name in names if name in descriptors]
            for kind, names in _RECORDS.items()
        }
        self._before = dict.fromkeys(_RECORDS, 0)
        self._before = self.counts()

    def counts(self) -> dict[str, int]:
        """Return how many forks, execs, exits and failed execs may have been missed.

        Exits are of threads, of which a process has one or more.
        """
        return {
            kind: sum(map(bpf.recursion_misses, programs)) - self._before[kind]
            for kind, programs in self._programs.items()
        }
