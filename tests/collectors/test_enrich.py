"""One more fact per process: what it costs, and who it is read for."""

import numpy as np
import pytest

from montauk_tui.collectors.procfs.enrich import enrichment as module
from montauk_tui.collectors.procfs.enrich.base import Columns, Cost, Enricher, Rows
from montauk_tui.collectors.procfs.enrich.enrichment import Enrichment
from montauk_tui.collectors.procfs.enrich.files import SOURCES
from montauk_tui.collectors.procfs.enrich.gauges import Gauges
from montauk_tui.collectors.procfs.enrich.listed import ENRICHERS, FOR_RATES
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.model.cgroups import RATES
from montauk_tui.model.devices import DISKS, INTERFACES
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import COUNTERS, FIELDS, FOR_COUNTERS, Ints, Need
from tests.support.builders import make_table
from tests.support.fakeproc import FakeProc, FakeProcess, OpenCount
from tests.support.needs import EVERYTHING

PID = 7
FILES = {
    "io": b"rchar: 1\nwchar: 2\nread_bytes: 3\nwrite_bytes: 4\n",
    "status": b"NSpid:\t7\nvoluntary_ctxt_switches:\t5\n"
    b"nonvoluntary_ctxt_switches:\t6\n",
    "schedstat": b"7 8 9\n",
    "statm": b"3000 301 40 10 0 0 0\n",
    "oom_score": b"1\n",
}


@pytest.fixture
def root(proc: FakeProc) -> ProcRoot:
    proc.add(FakeProcess(PID))
    for name, text in FILES.items():
        proc.write(f"{PID}/{name}", text)
    return ProcRoot(proc.root)


def table() -> ProcessTable:
    return make_table([{"pid": PID}])


def enriched(enrichment: Enrichment, last: ProcessTable, needs: Need) -> ProcessTable:
    return enrichment.enriched(Rows(table(), last, needs))


@pytest.mark.parametrize("enricher", ENRICHERS, ids=lambda one: one.fields[0])
def test_an_enricher_costs_what_it_says(
    root: ProcRoot, monkeypatch: pytest.MonkeyPatch, enricher: Enricher
) -> None:
    has = set(FIELDS) - set(enricher.fields)
    enrichment = Enrichment(root, has)
    opened = OpenCount(monkeypatch)
    last = enriched(enrichment, ProcessTable.empty(), enricher.need)
    assert len(opened.of_processes) <= 1
    opened.clear()
    enriched(enrichment, last, enricher.need)
    assert len(opened.of_processes) <= (enricher.cost is Cost.FILE)


@pytest.mark.parametrize("enricher", ENRICHERS, ids=lambda one: one.fields[0])
def test_what_a_collector_has_is_not_read(
    root: ProcRoot, monkeypatch: pytest.MonkeyPatch, enricher: Enricher
) -> None:
    opened = OpenCount(monkeypatch)
    enrichment = Enrichment(root, set(FIELDS))
    assert enriched(enrichment, ProcessTable.empty(), EVERYTHING).pid.tolist() == [PID]
    assert opened.paths == []
    found = enriched(Enrichment(root), ProcessTable.empty(), enricher.need)
    assert set(enricher.fields) - {"shared_bytes"} <= found.names


def test_what_no_need_asks_for_is_not_read(
    root: ProcRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = OpenCount(monkeypatch)
    free = set().union(*(one.fields for one in ENRICHERS if not one.need))
    enriched(Enrichment(root, free), ProcessTable.empty(), Need.NONE)
    gauges = Gauges(root)
    gauges.next_sample(table())
    gauges.read(table(), EVERYTHING - Need.of(*(n for s in SOURCES for n in s.names)))
    assert opened.paths == []


def test_one_more_column_is_one_more_row(
    root: ProcRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(root: ProcRoot) -> Columns:
        def read(rows: Rows) -> dict[str, Ints]:
            score = int(root.read(f"{rows.table.pid[0]}/oom_score"))
            return {"nice": np.array([score])}

        return read

    row = Enricher(("nice",), start, Need.of("more"))
    monkeypatch.setattr(module, "ENRICHERS", (row,))
    enrichment = Enrichment(root)
    for needs, nice in ((Need.NONE, 0), (Need.of("more"), 1)):
        found = enriched(enrichment, ProcessTable.empty(), needs)
        assert found.nice.tolist() == [nice]


def test_one_more_gauge_is_one_more_row(root: ProcRoot) -> None:
    source = next(one for one in SOURCES if one.names == ("oom",))
    gauges = Gauges(root, [source._replace(names=("score",))])
    who = Identity(PID, int(table().start_ticks[0]))
    gauges.read(table(), Need.of("oom"))
    assert gauges.known("score", [who]) == [None]
    gauges.read(table(), Need.of("score"))
    assert gauges.known("score", [who]) == [1.0]


def test_what_is_a_rate_needs_two_samples() -> None:
    assert FOR_COUNTERS in FOR_RATES
    throttled = Need.of("throttled", "periods")
    assert throttled == FOR_RATES - FOR_COUNTERS - RATES - DISKS - INTERFACES
    counted = {name for one in ENRICHERS if one.two_samples for name in one.fields}
    assert counted == {name for name in COUNTERS if FIELDS[name].need}
