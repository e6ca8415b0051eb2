"""Where `montauk events` has its events from: collectors, or a recording."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from montauk_tui.collectors.registry import Opened
from montauk_tui.engine.query import EVERYTHING
from montauk_tui.errors import CollectorUnavailable, MontaukError
from montauk_tui.export.events import events
from montauk_tui.export.waiter import Waiter
from montauk_tui.host.recorded import RecordedHost
from montauk_tui.host.recording import RecordingHost
from montauk_tui.model.recording import Moment, Recording
from montauk_tui.model.sample import Counters
from montauk_tui.model.schema import Need
from tests.cli.conftest import Command, Install
from tests.support.builders import make_sample
from tests.support.stream import END, LIFE, Made, sample_of


def test_the_next_collector_goes_on_and_both_are_counted(
    here: Command, install: Install
) -> None:
    first = Made("kernel", sample_of(LIFE, counters=Counters(1, 1, 0)), fails=True)
    counters = Counters(4, 5, 1, lost=2, lost_cpu_times=1)
    second = sample_of([], [END], 1e9, counters=counters)
    install(first, Made("netlink", second))
    result = here("events", "--json", "--duration", "1")
    *events, last = map(json.loads, result.out.splitlines())
    assert [one["event"] for one in events] == ["fork", "exec", "exit"]
    summary = last["summary"]
    assert (summary["forks"], summary["execs"], summary["exits"]) == (5, 6, 1)
    assert (summary["lost"], summary["lost_cpu_times"]) == (2, 1)
    assert (
        result.err
        == "montauk: collector kernel failed: it broke; continuing with netlink\n"
    )
    assert result.code == 0


def test_a_collector_that_fails_with_no_other_is_one_line(
    here: Command, install: Install
) -> None:
    blind = sample_of(starts=(), exits=None)
    for rest in ([], [Made("traditional", blind)]):
        install(Made("kernel", sample_of(LIFE), fails=True), *rest)
        code, out, err = here("events", "--json")
        assert code == 1
        assert len(out.splitlines()) == 2
        assert err.count("\n") == 1
        assert "it broke" in err


def test_a_collector_that_sees_no_events_is_refused(program: Command) -> None:
    for result in (
        program("events", "--collector", "traditional"),
        program("events", MONTAUK_COLLECTOR="traditional"),
    ):
        assert result.code == 1
        assert result.complaint == (
            "montauk: collector traditional does not report events; "
            "leave --collector out, or use kernel or netlink"
        )


def test_where_none_sees_events_the_reasons_are_told(
    here: Command, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Made("kernel")

    def refuse() -> None:
        raise CollectorUnavailable("no BCC", "install it")

    monkeypatch.setattr(refused, "open", refuse)
    blind = Made("traditional", sample_of(exits=None))
    install(refused, blind)
    result = here("events")
    assert result.code == 1
    assert "kernel: unavailable: no BCC; install it" in result.complaint
    assert blind.closed == 1


def test_a_recording_prints_the_same_events_without_waiting(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Made(
        "kernel",
        sample_of(after_s=0.0),
        sample_of(LIFE[:1], counters=Counters(1, 0, 0), after_s=1.0),
        sample_of(LIFE[1:], [END], counters=Counters(1, 1, 1), after_s=9_000.0),
        sample_of(counters=Counters(1, 1, 1, lost=2), after_s=9_001.0),
    )
    host = RecordingHost(Opened(made))
    for _ in range(4):
        host.read(Need.NONE)
    monkeypatch.setattr(Waiter, "wait_until", None)
    recorded = RecordedHost(host.recording())
    assert events(lambda _: recorded, EVERYTHING, None, as_json=True) == 0
    *printed, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert [one["event"] for one in printed] == ["fork", "exec", "exit"]
    assert [one["cmdline"] for one in printed[1:]] == ["/bin/true a b"] * 2
    assert last["summary"] == {
        "duration_s": 9001.0, "forks": 1, "execs": 1, "exits": 1, "lost": 2,
        "lost_exits": 0, "lost_cpu_times": 0, "lost_signals": 0,
        "lost_failed_execs": 0, "failed_execs": None, "pending": 0, "shown": 3,
    }  # fmt: skip


def test_the_summary_of_a_part_of_a_recording_is_of_that_part(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Another exit is counted in its first sample, and complete in the next."""
    begun = sample_of(LIFE, counters=Counters(11, 21, 31, lost=7), after_s=1.0)
    ending = replace(begun, ending=np.array([END["pid"]]))
    later = sample_of([], [END], counters=Counters(12, 21, 31, lost=9), after_s=2.0)
    recorded = RecordedHost(Recording((Moment(ending), Moment(later))))
    assert events(lambda _: recorded, EVERYTHING, None, as_json=True) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])["summary"]
    counted = [summary[it] for it in ("forks", "execs", "exits", "lost", "pending")]
    assert counted == [2, 1, 1, 2, 0]


def test_the_summary_counts_every_run_of_a_recorder(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its counters begin anew: before its first sample it may have counted others."""
    first = sample_of(LIFE, [END], counters=Counters(90, 90, 90, lost=7), after_s=1.0)
    other = sample_of(LIFE, [END], counters=Counters(5, 5, 5, lost=1), after_s=9.0)
    recorded = RecordedHost(Recording((Moment(first), Moment(other, opening=1))))
    assert events(lambda _: recorded, EVERYTHING, None, as_json=True) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = Counter(one["event"] for one in lines[:-1])
    summary = lines[-1]["summary"]
    assert [summary[f"{kind}s"] for kind in ("fork", "exec", "exit")] == [
        kinds["fork"], kinds["exec"], kinds["exit"],
    ]  # fmt: skip
    assert [summary["lost"], summary["pending"]] == [0, 0]


def test_a_recording_without_events_is_refused() -> None:
    recorded = RecordedHost(Recording((Moment(make_sample()),)))
    with pytest.raises(MontaukError, match="no events; record with kernel or netlink"):
        events(lambda _: recorded, EVERYTHING, None, as_json=True)
