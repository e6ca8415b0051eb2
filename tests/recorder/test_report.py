"""A report of a recorded fork storm has the sums that were told live."""

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from montauk_tui.collectors import registry
from montauk_tui.engine.groups.criteria import CRITERIA
from montauk_tui.engine.usage.report import TREE, Report
from montauk_tui.engine.usage.rows import rows_of
from montauk_tui.export.report.reading import part_of, report_of
from montauk_tui.host.local import LocalHost
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Need
from montauk_tui.recorder.folder import Folder
from montauk_tui.recorder.writer import Writer
from tests.collectors.conftest import load_available
from tests.support.recordings import PLENTY, read

STORM = "for i in $(seq 60); do sh -c 'true; exit 3'; (true); done"


@pytest.fixture(params=registry.names())
def host(request: pytest.FixtureRequest) -> Iterator[LocalHost]:
    collector = load_available(request.param)
    collector.open()
    with closing(LocalHost(registry.Opened(collector, ()))) as host:
        yield host


def test_every_grouping_of_a_storm_adds_up_to_the_ledgers(
    host: LocalHost, tmp_path: Path
) -> None:
    frames = recorded_storm(host, tmp_path)
    recording = read(tmp_path)
    report = report_of(recording, part_of(recording, None, None), [*CRITERIA, TREE])
    totals, ledgers = report.totals, [frame.ledger for frame in frames[1:]]
    for name in ("busy_s", "live_s", "exited_s", "interrupts_s", "unexplained_s"):
        told = sum(getattr(ledger, name) or 0.0 for ledger in ledgers)
        assert getattr(totals, name) == pytest.approx(told), name
    used_s = totals.live_s + totals.exited_s
    rest_s = totals.unexplained_s + totals.interrupts_s
    assert used_s + rest_s == pytest.approx(totals.busy_s)
    for by, live_s, exited_s, exits in sums_of(report):
        assert live_s == pytest.approx(totals.live_s), by
        assert exited_s == pytest.approx(totals.exited_s), by
        assert exits == sum(len(frame.sample.exits or ()) for frame in frames[1:]), by


def recorded_storm(host: LocalHost, folder: Path) -> list[Frame]:
    frames = []
    with closing(Writer(Folder.made(folder), PLENTY)) as writer:
        host.record = writer.take
        for _ in range(4):
            frames.append(host.next_frame(Need.NONE))
            subprocess.run(["sh", "-c", STORM], check=False)
    return frames


def sums_of(report: Report) -> Iterator[tuple[str, float, float, int]]:
    """Yield CPU-seconds of live and exited processes, and exits, by each grouping."""
    every = {by: [it for _, it in one.ordered()] for by, one in report.groups.items()}
    assert report.tree is not None
    rows = rows_of(report.tree)
    every["tree"] = [row.whole for row in rows if row.above is None]
    every["rows of the tree"] = [row.own for row in rows]
    for by, used in every.items():
        live_s = sum(it.live_s for it in used)
        exited_s = sum(it.exited_s for it in used)
        yield by, live_s, exited_s, sum(it.exits for it in used)
