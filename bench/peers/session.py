"""One run: a monitor in a terminal and a cgroup of its own."""

import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from bench.accuracy.cgroup import group
from bench.crowd import forks, present
from bench.peers.figures import Figures
from bench.peers.monitors import SIZE, Monitor
from bench.peers.rows import FirstRows
from bench.terminal import Terminal
from bench.usage import Tree, switches_between

_PAUSE_S: Final = 0.3
"""Seconds without output that separate two refreshes."""

_LAST_BYTES: Final = 80
_LONGEST_START_S: Final = 30.0


class MonitorFailed(Exception):
    """A monitor exited: what its screen showed last."""


@dataclass(frozen=True)
class Times:
    """Seconds of a run."""

    warm_up_s: float
    measured_s: float


@dataclass(frozen=True)
class _Reading:
    """The counters of a moment."""

    at_s: float
    cpu_s: float
    switches: dict[str, int]
    forks: int
    processes: int


def run(
    monitor: Monitor, times: Times, environment: Mapping[str, str], *, threads: bool
) -> Figures:
    """Start a monitor, let it warm up, and measure it.

    Raises:
        MonitorFailed: It exited.
    """
    with group() as cgroup:
        started_s = time.monotonic()
        terminal = Terminal(
            monitor.started(threads=threads),
            *SIZE,
            {**environment, **monitor.environment},
            cgroup.folder if cgroup else None,
        )
        tree = Tree(terminal.pid, cgroup)
        try:
            first = _warm_up(terminal, times.warm_up_s / 2)
            if threads:
                terminal.type(monitor.thread_keys)
            _drained(terminal, times.warm_up_s / 2)
            before = _read(tree)
            measured = _drained(terminal, times.measured_s)
            after = _read(tree)
            pss_bytes = tree.pss_bytes()
        finally:
            terminal.end(signal.SIGTERM)
    elapsed_s = after.at_s - before.at_s
    return Figures(
        cpu_pct=(after.cpu_s - before.cpu_s) / elapsed_s * 100,
        pss_mib=pss_bytes / (1 << 20),
        bytes_per_s=sum(len(data) for _, data in measured) / elapsed_s,
        refreshes_per_s=bursts([at_s for at_s, _ in measured]) / elapsed_s,
        switches_per_s=switches_between(before.switches, after.switches) / elapsed_s,
        first_rows_s=None if first.at_s is None else first.at_s - started_s,
        forks_per_s=(after.forks - before.forks) / elapsed_s,
        processes=max(before.processes, after.processes),
    )


def bursts(moments: Sequence[float]) -> int:
    """Return how often something came after a pause."""
    pauses = sum(after - before > _PAUSE_S for before, after in pairwise(moments))
    return pauses + 1 if moments else 0


def _warm_up(terminal: Terminal, step_s: float) -> FirstRows:
    """Let a monitor run until it shows rows; not for ever."""
    first = FirstRows(terminal)
    end = time.monotonic() + _LONGEST_START_S
    while first.at_s is None and time.monotonic() < end:
        first.look(_drained(terminal, step_s))
    return first


def _drained(terminal: Terminal, seconds: float) -> list[tuple[float, bytes]]:
    """Take what is written within a period, each piece with the moment it came.

    Raises:
        MonitorFailed: It exited.
    """
    pieces: list[tuple[float, bytes]] = []
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if terminal.wait(left):
            data = terminal.drain()
            if not data:
                written = b"".join(piece for _, piece in pieces)
                raise MonitorFailed(f"it exited: {written[-_LAST_BYTES:]!r}")
            pieces.append((time.monotonic(), data))
    return pieces


def _read(tree: Tree) -> _Reading:
    return _Reading(time.monotonic(), tree.cpu_s(), tree.switches(), forks(), present())
