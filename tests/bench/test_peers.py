"""The comparison with other monitors: all but the comparison itself."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.peers import __main__ as main
from bench.peers import figures, monitors
from bench.peers.figures import Figures, Measured, Run
from bench.peers.installing import Unavailable, prepared
from bench.peers.monitors import Monitor
from bench.peers.rows import FirstRows, shows_rows
from bench.peers.scenarios import USUAL, parse
from bench.peers.session import MonitorFailed, Times, bursts, run
from bench.terminal import Terminal
from montauk_tui.collectors import registry
from montauk_tui.collectors.base import Availability

BLANK = Figures(*[None] * 8)


def cpu(value: float | None) -> Figures:
    return replace(BLANK, cpu_pct=value)


# --- figures --------------------------------------------------------------------------


def test_the_median_is_of_what_is_known() -> None:
    found = figures.median([cpu(9.0), cpu(None), cpu(1.0), cpu(2.0)])
    assert (found.cpu_pct, found.pss_mib) == (2.0, None)
    assert figures.median([cpu(1.0), cpu(2.0)]).cpu_pct == 1.5


def test_a_starved_monitor_compares_by_the_cost_of_one_refresh() -> None:
    starved = replace(cpu(16.0), refreshes_per_s=0.5)
    assert starved.cpu_ms_per_refresh == 320.0
    assert cpu(16.0).cpu_ms_per_refresh is None
    assert replace(starved, refreshes_per_s=0.0).cpu_ms_per_refresh is None


def test_disturbed_runs_count_only_where_there_are_no_others() -> None:
    disturbed = [Run("70", "top", cpu(9.0), disturbed=True)] * 2
    key = ("70", "top")
    assert figures.medians(disturbed)[key].cpu_pct == 9.0
    alone = Run("70", "top", cpu(1.0))
    assert figures.medians([*disturbed, alone])[key].cpu_pct == 1.0


def measured() -> list[Measured]:
    runs = [
        Run("70", "htop", replace(cpu(0.256), processes=72.0)),
        Run("70", "top", None, "it exited"),
        Run("70", "htop", Figures(0.25, None, 0.0, 1.0, None, None, 3.0, 69.0)),
    ]
    return [
        Measured("70", 0.5, 1.25, runs),
        Measured("1000", 0.0, 0.0, [Run("1000", "top", cpu(12.0))]),
    ]


def test_what_is_unknown_or_failed_is_a_dash_in_the_table() -> None:
    medians = figures.medians(run for it in measured() for run in it.runs)
    first = figures.TABLES[0]
    third = next(it for it in figures.TABLES if it.field == "bytes_per_s")
    assert list(figures.lines(first, medians, ["htop", "top", "traditional"])) == [
        first.title,
        "scenario      htop      top  traditional",
        "70            0.25        -            -",
        "1000             -    12.00            -",
    ]
    assert next(iter([*figures.lines(third, medians, ["htop"])][2:])).split()[1] == "0"


def test_json_has_runs_medians_and_why_one_failed() -> None:
    record = json.loads(json.dumps(measured()[0].record()))
    assert record["medians"]["htop"]["cpu_pct"] == pytest.approx(0.253)
    assert "top" not in record["medians"]
    assert record["runs"][1] == {
        "monitor": "top",
        "disturbed": False,
        "failure": "it exited",
    }
    assert record["load_after"] == 1.25


def test_the_load_of_the_machine_is_named() -> None:
    expected = "70: 69 to 72 processes, 3 forks a second, load 0.5 to 1.2"
    assert measured()[0].conditions() == expected


# --- what to run ----------------------------------------------------------------------


def test_the_names_of_scenarios() -> None:
    assert (parse("1000").kind, parse("1000").count) == ("idle", 1000)
    assert (parse("5000-busy").kind, parse("5000-busy").count) == ("busy", 5000)
    assert [parse(name).has_threads for name in ("70", "threads")] == [False, True]
    assert not parse("churn").is_total


def test_a_scenario_is_met_with_about_its_number_of_processes() -> None:
    counts = (60, 170, 180, 1000)
    assert [parse("70").is_met(it) for it in counts] == [True, True, False, False]
    assert [parse("10000").is_met(it) for it in (9_000, 10_500)] == [False, True]
    for name, count in {"threads": 600, "churn": 100}.items():
        assert [parse(name).is_met(count + it) for it in (0, 100)] == [True, False]


def test_a_run_beside_the_processes_of_others_is_repeated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    counts = iter((5_000.0, 80.0, *[5_000.0] * 9))
    monkeypatch.setattr(
        main, "run", lambda *_, **__: replace(BLANK, processes=next(counts))
    )
    bench = main.Bench(main.arguments([]), [], tmp_path)
    runs = [bench.measure_alone(parse("70"), monitor("htop")) for _ in range(2)]
    assert [run.figures and run.figures.processes for run in runs] == [80.0, 5_000.0]
    assert [run.disturbed for run in runs] == [False, True]
    assert len([*counts]) == 9 - main.TRIES


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--scenario", "0"], "no scenario is called '0'"),
        (["--scenario", "busy"], "no scenario is called 'busy'"),
        (["--monitors", "htop,nice"], "no monitor is called nice: kernel"),
    ],
)
def test_names_that_do_not_exist_are_refused(
    words: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main.arguments(words)
    assert caught.value.code == 2
    assert reason in capsys.readouterr().err


def test_all_scenarios_and_monitors_are_the_default() -> None:
    options = main.arguments([])
    assert [it.name for it in options.scenario] == [*USUAL]
    assert {"kernel", "htop", "glances"} <= set(options.monitors)


def monitor(name: str) -> Monitor:
    return next(it for it in monitors.ALL if it.name == name)


def test_options_for_threads_come_before_the_interval() -> None:
    assert monitor("atop").started(threads=True) == ["atop", "-y", "1"]
    assert monitor("atop").started(threads=False) == ["atop", "1"]


def test_montauk_says_its_version_whatever_collector_it_has() -> None:
    assert monitor("netlink").version().startswith("montauk ")


def test_settings_are_the_defaults_but_for_the_interval_of_btop(tmp_path: Path) -> None:
    found = monitors.environment(tmp_path)
    assert found["HOME"] == str(tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.read_text() for path in files] == ["update_ms = 1000\n"]


# --- what is here ---------------------------------------------------------------------


def test_what_is_not_installed_is_skipped_with_the_reason() -> None:
    with pytest.raises(Unavailable, match=r"^not installed$"):
        prepared(Monitor("x", ("no-such-program-here",), "x"), may_install=False)


def test_a_collector_that_does_not_work_here_is_skipped_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = Availability(available=False, reason="not root", remedy="use sudo")
    collector = SimpleNamespace(availability=lambda: state)
    monkeypatch.setattr(registry, "load", lambda _: collector)
    with pytest.raises(Unavailable, match=r"^not root; use sudo$"):
        prepared(monitor("kernel"), may_install=False)


# --- rows -----------------------------------------------------------------------------

COMMS = {7: "kworker/0:1-events", 12: "bash"}
HEADER = "Tasks: 12, 7 thr    PID Command"
ROWS = ["     7 root  kworker/0:1-e", "    12 root  -bash"]


def test_rows_have_pid_and_name_of_the_same_process() -> None:
    assert shows_rows([HEADER, *ROWS], COMMS.get)
    assert not shows_rows([HEADER, ROWS[0]], COMMS.get)
    assert not shows_rows([HEADER, "  7 bash", "  12 kworker/0"], COMMS.get)


def test_the_first_rows_are_those_of_the_piece_that_completes_them() -> None:
    own, parent = (
        f"\r\n{pid} {Path(f'/proc/{pid}/comm').read_text().strip()}".encode()
        for pid in (os.getpid(), os.getppid())
    )
    terminal = Terminal(["sleep", "1000"], 60, 10)
    first = FirstRows(terminal)
    first.look([(1.0, b"PID Command"), (2.0, own)])
    assert first.at_s is None
    first.look([(3.0, parent), (4.0, b"\r\nmore")])
    assert first.at_s == 3.0
    assert terminal.end(9) == -9


# --- a run ----------------------------------------------------------------------------

_MONITOR = """
import os, time
own = [(pid, open(f"/proc/{pid}/comm").read()) for pid in (os.getpid(), os.getppid())]
while True:
    for pid, comm in own:
        print(f"\\r\\n{pid} {comm}", flush=True)
    time.sleep(0.01)
"""


def test_a_run_measures_what_it_started(tmp_path: Path) -> None:
    fake = Monitor("fake", (sys.executable, "-c", _MONITOR))
    environment = monitors.environment(tmp_path)
    found = run(fake, Times(0.4, 0.4), environment, threads=False)
    assert found.first_rows_s is not None
    assert found.pss_mib is not None
    assert found.pss_mib > 1.0
    assert found.cpu_pct is not None
    assert 0.0 <= found.cpu_pct <= 100.0 * (os.cpu_count() or 1)


def test_what_comes_without_a_pause_is_one_refresh() -> None:
    assert [bursts(it) for it in ([], [5.0], [5.0, 5.2, 5.4, 6.0, 6.1])] == [0, 1, 2]


def test_a_monitor_that_exits_is_no_figure(tmp_path: Path) -> None:
    fake = Monitor("fake", ("sh", "-c", "echo no terminal"))
    with pytest.raises(MonitorFailed, match=r"it exited.*no terminal"):
        run(fake, Times(5.0, 5.0), monitors.environment(tmp_path), threads=False)
