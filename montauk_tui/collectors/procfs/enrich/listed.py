"""Every fact about a process that costs a file beside its stat file: a row each."""

from typing import Final

from montauk_tui.collectors.procfs.enrich.base import Cost, Enricher
from montauk_tui.collectors.procfs.enrich.containers import Containers
from montauk_tui.collectors.procfs.enrich.counters import COUNTERS_OF_FILES
from montauk_tui.collectors.procfs.enrich.files import SOURCES
from montauk_tui.collectors.procfs.enrich.owners import Owners
from montauk_tui.collectors.procfs.enrich.resident import Resident
from montauk_tui.model.cgroups import RATES as CGROUP_RATES
from montauk_tui.model.devices import DISKS, INTERFACES
from montauk_tui.model.schema import Need

ENRICHERS: Final = (
    Enricher(("uid",), Owners),
    Enricher(("rss_bytes", "shared_bytes"), Resident),
    *COUNTERS_OF_FILES,
    Enricher(("in_container",), Containers, Need.CONTAINERS, Cost.ONCE),
)  # fmt: skip
"""Columns of the table, in the order in which they are read."""

FOR_RATES: Final = (
    CGROUP_RATES
    | DISKS
    | INTERFACES
    | Need.union(row.need for row in (*ENRICHERS, *SOURCES) if row.two_samples)
)
"""The needs of two samples before it can be shown."""
