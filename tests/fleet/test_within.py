"""Questions about a part of the time: `montauk query --from --to`."""

import json
import math
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from montauk_tui.errors import MontaukError, UsageError
from montauk_tui.export.fleet import exporting
from montauk_tui.export.fleet.asking import Part, ask
from montauk_tui.export.fleet.within import last_of_exports, last_of_recording, within
from montauk_tui.export.report.reading import part_of, report_of
from montauk_tui.recorder import stream
from montauk_tui.recorder import writer as writing
from montauk_tui.recorder.folder import SUFFIX, Folder
from tests.support.builders import TIME_S
from tests.support.busy import LOOKUPS, samples
from tests.support.fleet import exported
from tests.support.recordings import frames_of, read, write

SECONDS = 200
BY_COMM = (
    "SELECT comm, sum(cpu_s) AS s FROM (SELECT comm, cpu_s FROM samples UNION ALL "
    "SELECT comm, cpu_s FROM exits) GROUP BY comm HAVING sum(cpu_s) > 0"
)


def local(second: float) -> str:
    return f"{datetime.fromtimestamp(TIME_S + second).astimezone():%Y-%m-%dT%H:%M:%S}"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a recording of four segments."""
    path = tmp_path_factory.mktemp("it") / "it"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "SEGMENT_S", 60.0)
        write(path, frames_of(samples(SECONDS), LOOKUPS))
    assert len([*path.glob(f"*{SUFFIX}")]) == 4
    return path


@pytest.fixture(scope="module")
def export(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("export") / "out"
    exported(recording, out)
    return out


def objects(
    capsys: pytest.CaptureFixture[str], sql: str, folder: Path, *part: str | None
) -> list[dict[str, Any]]:
    ask(sql, [folder], "json", Part(*part))
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("begin", "end"), [(10, 20), (70, 190), (59, 61), (60, 60), (None, 30), (150, None)]
)
def test_seconds_of_a_part_are_those_of_its_report(
    capsys: pytest.CaptureFixture[str],
    recording: Path,
    begin: float | None,
    end: float | None,
) -> None:
    times = [None if one is None else local(one) for one in (begin, end)]
    stored = read(recording)
    told = report_of(stored, part_of(stored, *times), ["program"])
    expected = {
        name: used.cpu_s
        for name, used in told.groups["program"].ordered()
        if used.cpu_s
    }
    found = objects(capsys, BY_COMM, recording, *times)
    assert {one["comm"]: one["s"] for one in found} == pytest.approx(expected)
    (ledger,) = objects(
        capsys, "SELECT sum(busy_s) AS b FROM ledger", recording, *times
    )
    assert ledger["b"] == pytest.approx(told.totals.busy_s, rel=1e-5)


def test_only_what_is_asked_for_is_exported(
    capsys: pytest.CaptureFixture[str],
    recording: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = []
    plain = stream.steps_of

    def counted(*given: object) -> object:
        for step in plain(*given):  # type: ignore[arg-type] # as they were given
            taken.append(step)
            yield step

    monkeypatch.setattr(exporting, "steps_of", counted)
    sql = "SELECT samples, segment FROM hosts"
    (host,) = objects(capsys, sql, recording, local(130), local(135))
    assert host["samples"] == 6
    # From the last moment in full on.
    assert len(taken) <= 60


def test_the_first_moment_of_a_part_has_all_processes(
    capsys: pytest.CaptureFixture[str], recording: Path
) -> None:
    sql = "SELECT time, key, count(*) AS n FROM samples GROUP BY ALL ORDER BY time"
    first, second, *_ = objects(capsys, sql, recording, local(30), local(40))
    assert (first["key"], first["n"], second["key"]) == (True, 3, False)
    command = "SELECT DISTINCT cmdline FROM samples WHERE comm = 'sh'"
    found = objects(capsys, command, recording, local(30), local(40))
    assert [one["cmdline"] for one in found] == ["sh -c x"]


def test_an_export_has_the_same_samples_of_it(
    capsys: pytest.CaptureFixture[str], recording: Path, export: Path
) -> None:
    sql = "SELECT time, sum(busy_s) AS b FROM ledger GROUP BY time ORDER BY time"
    part = local(50), local(130)
    found = objects(capsys, sql, export, *part)
    assert len(found) == 81
    assert found == objects(capsys, sql, recording, *part)
    hosts = "SELECT segment FROM hosts ORDER BY segment"
    assert objects(capsys, hosts, export, *part) == objects(
        capsys, hosts, recording, *part
    )


def test_times_count_from_the_last_sample_of_all(
    capsys: pytest.CaptureFixture[str], recording: Path, export: Path
) -> None:
    sql = "SELECT count(*) AS n FROM ledger"
    for folder in (recording, export):
        assert objects(capsys, sql, folder, "-9s") == [{"n": 10}]
    last_s = TIME_S + SECONDS - 1
    with closing(Folder.opened(recording)) as opened:
        assert last_of_recording(opened) == last_s
    assert last_of_exports(export.glob("hosts/*/*/*.parquet")) == last_s
    assert math.isnan(last_of_exports([]))


def test_where_nothing_was_recorded_it_says_so(
    capsys: pytest.CaptureFixture[str], recording: Path, export: Path
) -> None:
    part = local(500), local(600)
    with pytest.raises(MontaukError, match="nothing was recorded then"):
        objects(capsys, "SELECT * FROM hosts", recording, *part)
    assert objects(capsys, "SELECT * FROM hosts", export, *part) == []
    with pytest.raises(UsageError, match="is before the begin"):
        objects(capsys, "SELECT * FROM hosts", recording, "-1s", "-9s")


def test_a_segment_that_cannot_be_read_has_no_last_sample(tmp_path: Path) -> None:
    write(tmp_path / "it", frames_of(samples(3), LOOKUPS))
    (segment,) = (tmp_path / "it").glob(f"*{SUFFIX}")
    segment.write_bytes(b"x" * 100)
    with closing(Folder.opened(tmp_path / "it")) as folder:
        assert math.isnan(last_of_recording(folder))
    with pytest.raises(MontaukError, match="nothing was recorded"):
        ask("SELECT 1", [tmp_path / "it"], "json", Part("-1s"))


def test_two_times_are_both_in_it_unless_one_is_meant() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        import time  # noqa: PLC0415 - as the zone is set

        time.tzset()
        noon_s = datetime(2026, 10, 25, 12).timestamp()  # noqa: DTZ001 - local
        both = within("02:30", "02:30", noon_s)
        late = within("02:30 last", None, noon_s)
        early = within(None, "02:30 first", noon_s)
    time.tzset()
    assert both.end_s - both.begin_s == 3_600
    assert late == (both.end_s, math.inf)
    assert early == (-math.inf, both.begin_s)
