"""Enrichers and sources: one more fact per process, with its cost.

A fact of every row is a column of the process table (`Enricher`); a fact that is read
for the rows on the screen, and for all only when sorted by, is looked up (`Source`).
`listed` has all of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import NamedTuple

import numpy as np

from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.model.join import Join, same_process
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import Bools, Ints, Need


class Cost(Enum):
    """The highest cost of a fact."""

    ONCE = "a file a process, once"
    FILE = "a file a process and sample"
    EXPENSIVE = "milliseconds a process, so that some is put off to later samples"


class Rows:
    """The table that a collector has read, before its enrichment."""

    def __init__(self, table: ProcessTable, last: ProcessTable, needs: Need) -> None:
        """Take the table of a sample and the enriched one of the sample before."""
        self.table, self.last, self.needs = table, last, needs

    @cached_property
    def join(self) -> Join:
        """The rows of `table` in `last`."""
        return same_process(self.last, self.table)

    @cached_property
    def changed(self) -> Bools:
        """Which processes have done an exec, as far as /proc shows it.

        An exec sets a new name and puts the stack elsewhere (the latter is hidden, as
        0, from those who may not trace the process).
        """
        found, row = self.join.found, self.join.row[self.join.found]
        changed = np.zeros(len(self.table), dtype=np.bool_)
        changed[found] = (self.last.comm[row] != self.table.comm[found]) | (
            self.last.start_stack[row] != self.table.start_stack[found]
        )
        return changed


Columns = Callable[[Rows], Mapping[str, Ints]]
"""Returns columns for the rows of a table, unknown where a file cannot be read."""


class Enricher(NamedTuple):
    """Columns of every process that the stat file lacks."""

    fields: tuple[str, ...]
    """Of `schema.FIELDS`; not run for a collector that has all of them itself."""
    start: Callable[[ProcRoot], Columns]
    """Makes the reader, which may keep state between samples."""
    need: Need = Need.NONE
    """The need that it meets; without one it runs in every sample."""
    cost: Cost = Cost.FILE
    two_samples: bool = False
    """Whether only the difference of two samples is useful."""


@dataclass(slots=True)
class Process:
    """A process of which values are looked up."""

    root: ProcRoot
    pid: int
    sample: int
    """Number of the sample that the values belong to."""

    def read(self, name: str, limit: int = 4096) -> bytes:
        """Return the start of a file of the process.

        Raises:
            OSError: It has exited, or reading is not permitted.
        """
        return self.root.read(f"{self.pid}/{name}", limit)

    @property
    def folder(self) -> str:
        """The folder with memory and open files, which may be that of a live thread."""
        return self.root.folder(self.pid)

    def read_living(self, name: str, limit: int = 4096) -> bytes:
        """Return the start of a file that an exited leader no longer has.

        Raises:
            OSError: It has exited, or reading is not permitted.
        """
        return self.root.read(f"{self.folder}/{name}", limit)


Value = float | str
Reader = Callable[[Process], tuple[Value, ...]]
"""Returns the values of a source, or raises: OSError if the process has exited or
reading is not permitted, ValueError if a file has an unexpected format."""


class Source(NamedTuple):
    """Gauges and labels that are read together: one file, or a few."""

    names: tuple[str, ...]
    """Their names in `Lookups.gauge` and `label`, in the order of the values."""
    start: Callable[[], Reader]
    """Makes the reader, which may keep state between samples."""
    cost: Cost = Cost.FILE
    by_thread: bool = False
    """Whether the threads of a process differ."""
    two_samples: bool = False
    """Whether only the difference of two samples is useful."""

    @property
    def need(self) -> Need:
        """The need for the values of every process: any of its names."""
        return Need.of(*self.names)
