"""Runs the enrichers after a collector has read its table."""

from collections.abc import Iterable

from montauk_tui.collectors.procfs.enrich.base import Rows
from montauk_tui.collectors.procfs.enrich.listed import ENRICHERS
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import Ints


class Enrichment:
    """Adds the needed columns that a collector lacks."""

    def __init__(self, root: ProcRoot, has: Iterable[str] = ()) -> None:
        """Read below `root` the columns that the collector does not have."""
        self._has = frozenset(has)
        self._started = [
            (enricher.need, enricher.start(root))
            for enricher in ENRICHERS
            if not self._has.issuperset(enricher.fields)
        ]

    def enriched(self, rows: Rows) -> ProcessTable:
        """Return the table with the columns that are needed."""
        columns: dict[str, Ints] = {}
        for need, read in self._started:
            if need in rows.needs:
                columns |= read(rows)
        missing = {name: columns[name] for name in columns.keys() - self._has}
        return rows.table.with_columns(missing) if missing else rows.table
