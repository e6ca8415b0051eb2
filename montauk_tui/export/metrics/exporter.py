"""From frames to the text of all metrics, in the sampling thread."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from montauk_tui import __version__
from montauk_tui.engine.groups.accounts import Accounts
from montauk_tui.engine.groups.assigned import (
    OTHER,
    Assign,
    Assigned,
    by_criterion,
    by_queries,
)
from montauk_tui.engine.groups.counted import GroupCounting
from montauk_tui.engine.groups.criteria import CRITERIA
from montauk_tui.engine.query import Query
from montauk_tui.export.metrics.machine import Machine
from montauk_tui.export.metrics.names import NEEDS_EXITS
from montauk_tui.export.metrics.text import Renderer, Text
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Need

QUERIES: Final = "queries"
"""Groups by the queries of the settings file."""


def assignment(by: str, queries: Mapping[str, Query]) -> tuple[Assign, Need]:
    """Return what tells the group of each process, and what that needs.

    Args:
        by: The id of a criterion, or `QUERIES`.
        queries: Those, by the names of their groups.
    """
    if by == QUERIES:
        needs = Need.union(query.needs for query in queries.values())
        return partial(by_queries, queries=queries), needs
    criterion = CRITERIA[by]

    def assign(frame: Frame) -> Assigned:
        assigned = by_criterion(frame, criterion)
        # A program may have the name of what groups are folded into.
        names = [f"{OTHER} ({by})" if it == OTHER else it for it in assigned.names]
        return assigned._replace(names=names)

    return assign, criterion.need


class Exporter:
    """Holds the text of the last sample; whoever asks for it gets that."""

    def __init__(self, by: str, queries: Mapping[str, Query]) -> None:
        """Take what the groups are; see `assignment`."""
        assign, needs = assignment(by, queries)
        self.needs: Need = needs | Need.IO
        self._counting = GroupCounting(assign)
        self._accounts = Accounts()
        self._machine = Machine()
        self._renderer = Renderer(by, __version__)
        self._sees_exits = False
        self.text: Text | None = None
        """None before the first sample."""

    def take(self, frame: Frame, opening: int) -> str:
        """Add a frame and write the text; returns nothing, as nothing is recorded.

        Args:
            frame: With the rates since the previous one.
            opening: Number of its collector among those opened.
        """
        accounts, sample = self._accounts, frame.sample
        counts = self._counting.count(frame, opening)
        accounts.add(counts, sample.monotonic_s)
        self._machine.add(frame, opening)
        self._sees_exits |= sample.exits is not None and sample.starts is not None
        machine = {
            **self._machine.values(frame),
            "groups": len(accounts),
            "folded": accounts.folded,
        }
        self.text = self._renderer.render(
            accounts,
            machine,
            frame.collector.name,
            frozenset() if self._sees_exits else NEEDS_EXITS,
        )
        return ""
