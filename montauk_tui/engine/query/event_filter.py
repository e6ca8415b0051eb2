"""Filters on the events of a sample."""

from typing import Final

import numpy as np

from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.interval.events import EXIT, Events
from montauk_tui.engine.interval.rates import host_rates, process_rates
from montauk_tui.engine.query import Query, matching
from montauk_tui.engine.query.fields import FIELDS as QUERY_FIELDS
from montauk_tui.engine.query.nodes import Words, leaves
from montauk_tui.engine.rows.events import events_in_sample
from montauk_tui.errors import UsageError
from montauk_tui.model.frame import CollectorStatus, Frame
from montauk_tui.model.lookups import Lookups
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Bools, Need

FIELDS: Final = (
    "pid", "ppid", "user", "uid", "event", "event_s", "comm", "command", "start",
    "elapsed", "error", "exit_status", "signal", "killed", "killer", "killed_by",
    "lifetime_s", "ended_s", "cpu_time", "utime", "stime", "rss_bytes",
    "peak_rss_bytes", "mem_pct", "threads", "cgroup", "unit", "container", "state",
)  # fmt: skip
"""The fields of an event; from `exit_status` on those of exits only."""

_RATES: Final = {column.id for column in COLUMNS.values() if column.is_rate}
_NOT_READ: Final = Need.IO | Need.SWITCHES | Need.WAIT
"""What samples that are taken for events do not hold."""


def check(query: Query) -> None:
    """Refuse a filter on a field that no event has.

    Raises:
        UsageError: It names such a field.
    """
    for one in leaves(query.root):
        if isinstance(one, Words):
            continue
        lacks = one.field in _RATES or bool(QUERY_FIELDS[one.field].need & _NOT_READ)
        if lacks or (one.field not in FIELDS and not one.parents):
            reason = f"an event has no {'parent.' * one.parents}{one.field}"
            raise UsageError(reason, f"it has {', '.join(FIELDS)}")


def asked_for(query: Query, sample: Sample, events: Events, lookups: Lookups) -> Bools:
    """Return which events of a sample match a filter."""
    if not query or not len(events.kind):
        return np.ones(len(events.kind), dtype=np.bool_)
    listed, of_start, of_exit = events_in_sample(_frame(sample, lookups))
    wanted = matching(query, listed)
    found = np.zeros(len(events.kind), dtype=np.bool_)
    is_exit = events.kind == EXIT
    found[is_exit] = wanted[of_exit[events.row[is_exit]]]
    found[~is_exit] = wanted[of_start[events.row[~is_exit]]]
    return found


def _frame(sample: Sample, lookups: Lookups) -> Frame:
    """Return the frame of a sample without a previous one."""
    return Frame(
        seq=0,
        sample=sample,
        interval_s=None,
        rates=process_rates(None, sample),
        host_rates=host_rates(None, sample.host),
        ledger=None,
        collector=CollectorStatus("", ""),
        lookups=lookups,
        cpu_s=0.0,
    )
