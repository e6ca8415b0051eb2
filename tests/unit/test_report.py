"""Reports of a recording: sums of groups that are those of the ledger."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from montauk_tui.engine.groups.criteria import CRITERIA, KERNEL
from montauk_tui.engine.groups.usage import usage_of_groups
from montauk_tui.export.report import Report, report_of, write_json, write_text
from montauk_tui.host.recorded import RecordedHost
from montauk_tui.model.sample import Counters, Sample
from montauk_tui.model.schema import PF_KTHREAD
from tests.support.builders import FakeLookups, cpu_ticks, make_host, make_sample
from tests.support.exits import make_exits
from tests.support.recordings import frames_of, read, write

LOOKUPS = FakeLookups(users={0: "root", 7: "amy"})


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


def test_groups_add_up_to_the_ledger() -> None:
    for frame in frames_of(samples(), LOOKUPS)[1:]:
        ledger = frame.ledger
        assert ledger is not None
        for criterion in CRITERIA.values():
            usage = usage_of_groups(frame, criterion)
            assert sum(usage.live_s) == pytest.approx(ledger.live_s)
            assert sum(usage.exited_s) == pytest.approx(ledger.exited_s)
            assert len(set(usage.names)) == len(usage.names)


def test_a_sample_without_exits_has_those_of_the_live() -> None:
    frames = frames_of(
        [
            make_sample([{"pid": 7, "comm": "sh", "utime": at}], after_s=at)
            for at in (0, 9)
        ]
    )
    usage = usage_of_groups(frames[1], CRITERIA["program"])
    assert usage.names == ["sh"]
    assert usage.live_s.tolist() == pytest.approx([0.09])
    assert usage.exits.tolist() == [0.0]


@pytest.fixture
def report(tmp_path: Path) -> Report:
    write(tmp_path / "it", frames_of(samples(), LOOKUPS))
    return report_of(RecordedHost(read(tmp_path / "it")), "program")


def test_a_report_sums_up_live_and_exited(report: Report) -> None:
    names = [name for name, _ in report.ordered()]
    assert names == ["cc", "sh", KERNEL]
    cc, sh = report.groups["cc"], report.groups["sh"]
    assert (cc.cpu_s, cc.exited_s) == pytest.approx((0.6, 0.6))
    assert (cc.exits, cc.failures, cc.peak_rss_bytes) == (2, 2, 0.0)
    assert (sh.cpu_s, sh.exited_s) == pytest.approx((0.4, 0.0))
    assert sh.peak_rss_bytes == 2 << 20
    assert (report.samples, report.covered_s, report.lost) == (2, 2.0, 2)
    assert report.busy_s == pytest.approx(2.0)
    assert report.unexplained_s == pytest.approx(2.0 - 0.6 - 0.4 - 0.1)


def test_it_is_printed_as_text(
    report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    write_text(report, 2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("testhost  2026-11-18 ")
    assert lines[0].endswith("  2 intervals, 2 s, 2 events lost")
    assert lines[1] == "CPU busy 2.0 s: interrupts 0.0, unexplained 0.9"
    assert [line.split() for line in lines[3:]] == [
        ["program", "CPU", "s", "%", "exited", "s", "exits", "failed", "peak", "RSS"],
        ["cc", "0.6", "30.0", "0.6", "2", "2", "0"],
        ["sh", "0.4", "20.0", "0.0", "0", "0", "2.0M"],
    ]
    assert len({len(line) for line in lines[3:]}) == 1


def test_it_is_printed_as_json(
    report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    write_json(report, None)
    document = json.loads(capsys.readouterr().out)
    assert document["by"] == "program"
    assert document["busy_s"] == 2.0
    assert document["groups"][0] == {
        "name": "cc", "cpu_s": 0.6, "exited_s": 0.6, "exits": 2, "failures": 2,
        "peak_rss_bytes": 0,
    }  # fmt: skip
    parts = sum(group["cpu_s"] for group in document["groups"])
    assert parts + document["unexplained_s"] == pytest.approx(2.0)


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
