"""Reports of a recording: sums that are those of the ledger, as text and as JSON."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from montauk_tui.engine.groups.criteria import CRITERIA, KERNEL
from montauk_tui.engine.usage.report import TREE, Report
from montauk_tui.engine.usage.sums import Used
from montauk_tui.errors import MomentDamaged, UsageError
from montauk_tui.export.report.as_json import write_json
from montauk_tui.export.report.reading import Part, gaps_of, part_of, report_of
from montauk_tui.export.report.text import heading, table, write_text
from montauk_tui.model.recording import Moment
from montauk_tui.model.sample import Counters, Sample
from montauk_tui.model.schema import PF_KTHREAD
from montauk_tui.recorder.reader import DiskRecording, NoRecording
from tests.support.builders import FakeLookups, cpu_ticks, make_host, make_sample
from tests.support.exits import make_exits
from tests.support.recordings import frames_of, read, write

LOOKUPS = FakeLookups(users={0: "root", 7: "amy"})
Open = Callable[[Sequence[Sample]], DiskRecording]


def samples() -> list[Sample]:
    """Return three seconds of a shell, a kernel thread and what the shell runs."""
    made = []
    for at in range(3):
        run = {
            "pid": 100 + at, "ppid": 7, "uid": 7, "comm": b"cc", "exit_code": at,
            "start_ticks": 10_000_000 + 100 * at - 50, "utime_ns": 300_000_000,
        }  # fmt: skip
        made.append(
            make_sample(
                [
                    {"pid": 2, "flags": PF_KTHREAD, "comm": "k", "stime": 5 * at},
                    {"pid": 7, "uid": 7, "comm": "sh", "utime": 20 * at,
                     "rss_bytes": (1 << 20) * (3 - at)},
                    {"pid": 8, "tgid": 7, "uid": 7, "comm": "sh", "utime": 10 * at},
                ],
                after_s=float(at),
                host=make_host([cpu_ticks(user=100 * at, idle=10_000)]),
                counters=Counters(lost=at),
                exits=make_exits([run] if at else []),
            )
        )  # fmt: skip
    return made


@pytest.fixture
def recorded(tmp_path: Path) -> Open:
    def record(these: Sequence[Sample]) -> DiskRecording:
        write(tmp_path / "it", frames_of(these, LOOKUPS))
        return read(tmp_path / "it")

    return record


@pytest.fixture
def recording(recorded: Open) -> DiskRecording:
    return recorded(samples())


def report_by(recording: DiskRecording, *by: str) -> Report:
    return report_of(recording, part_of(recording, None, None), by)


def used_by(report: Report) -> dict[str, Used]:
    (groups,) = report.groups.values()
    return dict(groups.ordered())


def test_every_grouping_adds_up_to_the_ledger(recording: DiskRecording) -> None:
    report = report_by(recording, *CRITERIA, TREE)
    totals = report.totals
    for groups in report.groups.values():
        used = [it for _, it in groups.ordered()]
        assert sum(it.live_s for it in used) == pytest.approx(totals.live_s)
        assert sum(it.exited_s for it in used) == pytest.approx(totals.exited_s)
    parts = totals.live_s + totals.exited_s + totals.unexplained_s
    assert parts + totals.interrupts_s == pytest.approx(totals.busy_s) == 2.0


def test_a_report_sums_up_live_and_exited(recording: DiskRecording) -> None:
    report = report_by(recording, "program")
    used = used_by(report)
    assert list(used) == ["cc", "sh", KERNEL]
    assert (used["cc"].cpu_s, used["cc"].exited_s) == pytest.approx((0.6, 0.6))
    assert (used["cc"].exits, used["cc"].failures) == (2, 2)
    assert np.isnan(used["cc"].peak_rss_bytes)
    assert (used["sh"].cpu_s, used["sh"].exited_s) == pytest.approx((0.4, 0.0))
    assert used["sh"].peak_rss_bytes == 2 << 20
    totals = report.totals
    assert (totals.intervals, totals.covered_s, totals.lost) == (2, 2.0, 2)
    assert totals.unexplained_s == pytest.approx(2.0 - 0.6 - 0.4 - 0.1)


def test_it_is_printed_as_text(
    recording: DiskRecording, capsys: pytest.CaptureFixture[str]
) -> None:
    write_text(report_by(recording, "program"), [], 2)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("testhost  2026-11-18 ")
    assert printed[0].endswith("  kernel, 3 samples")
    assert printed[1:4] == [
        "CPU busy 2.0 s: live 0.5, exited 0.6, interrupts 0.0, unexplained 0.9",
        "not seen: 2 events lost",
        "",
    ]
    assert printed[4:] == [
        "CPU s     %  exited s  exits  failed  peak RSS  program",
        "  0.6  30.0       0.6      2       2         -  cc",
        "  0.4  20.0       0.0      0       0      2.0M  sh",
    ]


def test_it_is_printed_as_json(
    recording: DiskRecording, capsys: pytest.CaptureFixture[str]
) -> None:
    write_json(report_by(recording, "program"), [(1.0, 3.0)], None)
    document = json.loads(capsys.readouterr().out)
    assert document["by"] == "program"
    assert document["busy_s"] == 2.0
    assert document["gaps"] == [[1.0, 3.0]]
    assert document["groups"][0] == {
        "name": "cc", "cpu_s": 0.6, "exited_s": 0.6, "exits": 2, "failures": 2,
        "peak_rss_bytes": None,
    }  # fmt: skip
    parts = sum(group["cpu_s"] for group in document["groups"])
    assert parts + document["unexplained_s"] == pytest.approx(2.0)


def test_the_tree_as_text_and_as_json(
    recording: DiskRecording, capsys: pytest.CaptureFixture[str]
) -> None:
    report = report_by(recording, TREE)
    assert table(report, None) == [
        "CPU s     %  exited s  exits  failed  peak RSS  process",
        "  1.0  50.0       0.6      2       2      2.0M  sh 7",
        "  0.6  30.0       0.6      2       2         -    cc x 2",
        "  0.1   5.0       0.0      0       0      8.0M  (kernel threads)",
    ]
    write_json(report, [], 2)
    sh, cc = json.loads(capsys.readouterr().out)["processes"]
    assert (sh["id"], sh["parent"], sh["pid"], sh["user"]) == (0, None, 7, "amy")
    assert (cc["id"], cc["parent"], cc["pid"], cc["processes"]) == (1, 0, None, 2)
    assert (sh["own_cpu_s"], sh["cpu_s"]) == (0.4, 1.0)


def without_exits() -> list[Sample]:
    """Return samples of a collector that sees no exits."""
    return [
        make_sample([{"pid": 7, "comm": "sh", "cutime": at}], after_s=float(at))
        for at in (0, 9)
    ]


def test_what_no_exit_reports_is_counted_for_the_parent(recorded: Open) -> None:
    report = report_by(recorded(without_exits()), "program", TREE)
    assert report.totals.exited_s == pytest.approx(0.09)
    (_, used), *_ = report.groups["program"].ordered()
    assert used.exited_s == pytest.approx(0.09)
    assert not report.totals.sees_exits


def test_unknown_numbers_of_exits_are_no_zeros(
    recorded: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    report = report_by(recorded(without_exits()), "program")
    assert heading(report, [])[2] == "not seen: exits not reported for 9 s"
    printed = table(report, None)
    assert printed[-1].split() == ["0.1", "-", "0.1", "-", "-", "8.0M", "sh"]
    write_json(report, [], None)
    (group,) = json.loads(capsys.readouterr().out)["groups"]
    assert (group["exits"], group["failures"]) == (None, None)


def test_names_cannot_change_the_table(recorded: Open) -> None:
    hostile = "\x1b[2J\u202egnp.exe\n\t|"
    report = report_by(
        recorded(
            [
                make_sample(
                    [{"pid": 7, "comm": hostile, "utime": at}],
                    after_s=float(at), exits=make_exits([]),
                    host=make_host(hostname=hostile),
                )
                for at in (0, 1)
            ]
        ),
        "program",
    )  # fmt: skip
    printed = [*heading(report, []), *table(report, None)]
    assert printed[0].startswith(r"\x1b[2J\u202egnp.exe\n\t|  2026")
    assert printed[-1].endswith(r"  \x1b[2J\u202egnp.exe\n\t|")
    assert all(line.isprintable() for line in printed)


def minutes(*at: float) -> list[Sample]:
    return [make_sample([{"pid": 7}], after_s=one, exits=make_exits([])) for one in at]


def test_times_without_samples_are_said_in_one_line(recorded: Open) -> None:
    recording = recorded(minutes(0, 1, 2, 600, 601))
    for begin, end, why in (
        (None, "-1h", "nothing was recorded then; it goes from 2026"),
        ("-500s", "-300s", "nothing was recorded then; before it up to 2026"),
        (None, "-601s", "one sample was recorded then, and a report needs two"),
    ):
        with pytest.raises(NoRecording) as caught:
            part_of(recording, begin, end)
        assert str(caught.value).startswith(why)
        assert "\n" not in str(caught.value)


def test_an_end_before_the_begin_is_a_wrong_question(recorded: Open) -> None:
    with pytest.raises(UsageError, match="the end '-1h' is before the begin 'now'"):
        part_of(recorded(minutes(0, 1, 2)), "now", "-1h")


def test_a_gap_is_said_and_belongs_to_no_part_after_it(tmp_path: Path) -> None:
    for run in (minutes(0, 1, 2), minutes(600, 601)):
        write(tmp_path / "it", frames_of(run))
    recording = read(tmp_path / "it")
    whole = part_of(recording, None, None)
    assert whole == Part(0, 4)
    ((begin_s, end_s),) = gaps_of(recording, whole)
    assert end_s - begin_s == 598.0
    report = report_of(recording, whole, ["program"])
    assert report.totals.covered_s == 601.0
    assert (
        heading(report, gaps_of(recording, whole))[2]
        == "not seen: 598 s not recorded (1 gap)"
    )
    late = part_of(recording, "-2s", None)
    assert (late, gaps_of(recording, late)) == (Part(3, 4), [])


def test_damaged_samples_and_boots_are_counted(
    recorded: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = recorded(minutes(0, 1, 2, 3, 4, 5))
    read_moment = DiskRecording.__getitem__

    def moment(self: DiskRecording, number: int) -> Moment:
        if number == 2:
            raise MomentDamaged("its checksum is wrong")
        return read_moment(self, number)

    monkeypatch.setattr(DiskRecording, "__getitem__", moment)
    monkeypatch.setattr(DiskRecording, "boot", lambda _, number: str(number > 3))
    report = report_by(recording, "program", TREE)
    totals = report.totals
    assert (totals.damaged, totals.boots) == (1, 1)
    # From 0 to 1, from 1 to 3 and from 4 to 5.
    assert (totals.intervals, totals.covered_s) == (3, 4.0)
    assert heading(report, [])[2] == (
        "not seen: 1 sample damaged, the machine started 1 time"
    )


def test_a_part_of_a_recording(tmp_path: Path) -> None:
    write(tmp_path / "it", frames_of(samples(), LOOKUPS))
    done = subprocess.run(
        [sys.executable, "-m", "montauk_tui", "report", str(tmp_path / "it"),
         "--from", "-0s", "--by", "user", "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    # Users are those that were recorded, not those of this machine.
    assert [group["name"] for group in found["groups"]] == ["amy", KERNEL]
    assert found["groups"][0]["cpu_s"] == pytest.approx(0.5)
    assert found["intervals"] == 1


def test_a_little_less_than_nothing_is_nothing(recording: DiskRecording) -> None:
    report = report_by(recording, "program")
    report.totals.unexplained_s = -0.04
    assert heading(report, [])[1].endswith(", unexplained 0.0")
    report.totals.unexplained_s = -1.26
    assert heading(report, [])[1].endswith(", unexplained -1.3")
