"""The parts of the probes: a C file each, and the maps the collector gets.

Files of no listed part are neither compiled nor loaded, and cost nothing.
"""

from typing import Final, NamedTuple

from montauk_tui.collectors.kernel.about import EXEC_RETURN


class Part(NamedTuple):
    """One C file in the folder of the probes."""

    file: str
    maps: tuple[str, ...]
    """Maps whose descriptors the collector gets, by their names in C."""
    tracepoints: tuple[tuple[str, str], ...] = ()
    """Functions and the raw tracepoints at which they run, beside those of `CORE`.

    One that the kernel refuses is left out."""
    iterators: tuple[str, ...] = ()
    """Functions that write the output of iterators over the map `blocks`.

    All are left out where the kernel refuses one."""
    returns: tuple[tuple[str, str], ...] = ()
    """Functions and the system calls at whose return they run.

    One that the kernel refuses is left out."""


CORE: Final = (
    Part("forks.c", ("forks",)),
    Part("lives.c", ("lives", "counts", "wakes")),
    Part("switches.c", ("finals", "idles")),
    Part("tasks.c", ()),
)
"""Without these there is no kernel collector; `attached` knows how they are hooked."""

DEATHS: Final = Part(
    "deaths.c",
    ("deaths", "victims"),
    (
        ("signal_tracepoint", "signal_generate"),
        ("victim_tracepoint", "mark_victim"),
    ),
)
"""Why processes exited by a signal."""

ATTEMPTS: Final = Part(
    "attempts.c",
    ("attempts",),
    returns=((EXEC_RETURN, "execve"), ("execveat_return", "execveat")),
)
"""Execs that fail."""

EVERY: Final = (*CORE, DEATHS, ATTEMPTS)

READERS: Final = Part(
    "readers.c",
    ("about",),
    iterators=(
        "read_lives",
        "read_forks",
        "read_finals",
        "read_deaths",
        "read_victims",
        "read_attempts",
        "read_counts",
        "read_idles",
        "read_about",
    ),
)
"""What probes that stay loaded have in addition, for readers without maps."""
