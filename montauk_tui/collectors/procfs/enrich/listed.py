"""Every fact about a process that costs a file beside its stat file: a row each."""

from functools import partial, reduce
from operator import or_
from typing import Final

from montauk_tui.collectors.procfs.enrich import files
from montauk_tui.collectors.procfs.enrich.base import Cost, Enricher, Source
from montauk_tui.collectors.procfs.enrich.containers import Containers
from montauk_tui.collectors.procfs.enrich.counters import (
    FileCounters,
    parse_io,
    parse_schedstat,
    parse_switches,
)
from montauk_tui.collectors.procfs.enrich.owners import Owners
from montauk_tui.collectors.procfs.enrich.resident import Resident
from montauk_tui.collectors.procfs.enrich.throttling import Throttling
from montauk_tui.model.schema import Need

ENRICHERS: Final = (
    Enricher(("uid",), Owners),
    Enricher(("rss_bytes", "shared_bytes"), Resident),
    Enricher(("read_bytes", "write_bytes", "rchar", "wchar"),
             partial(FileCounters, "io", parse_io), Need.IO, two_samples=True),
    Enricher(("voluntary_switches", "involuntary_switches"),
             partial(FileCounters, "status", parse_switches), Need.SWITCHES,
             two_samples=True),
    Enricher(("run_delay_ns",), partial(FileCounters, "schedstat", parse_schedstat),
             Need.WAIT, two_samples=True),
    Enricher(("in_container",), Containers, Need.CONTAINERS, Cost.ONCE),
)  # fmt: skip
"""Columns of the table, in the order in which they are read."""

SOURCES: Final = (
    Source(("pss_bytes", "uss_bytes", "swap_pss_bytes"), files.memory, Cost.EXPENSIVE),
    Source(("swap_bytes",), files.swap),
    Source(("oom",), files.number("oom_score")),
    Source(("oom_adj",), files.number("oom_score_adj")),
    Source(("exe",), files.link("exe")),
    Source(("cwd",), files.link("cwd")),
    Source(("cgroup",), files.cgroup),
    Source(("wchan",), files.wchan, by_thread=True),
    Source(("files",), files.open_files),
    Source(("autogroup", "autogroup_nice"), files.autogroup),
    Source(("security",), files.security),
    Source(("throttled", "periods"), Throttling, two_samples=True),
)
"""Gauges and labels: numbers and texts that are looked up."""

FOR_RATES: Final = reduce(
    or_, (row.need for row in (*ENRICHERS, *SOURCES) if row.two_samples), Need.NONE
)
"""What two samples must hold before it can be shown."""
