"""What montauk and other monitors cost, side by side.

Each runs in a pty of 200x50 of its own, refreshes once a second with its default
settings, and is drained as a terminal would. One runs at a time; they take turns, so
that what else happens on the machine affects all of them alike.
"""

import argparse
import datetime as dt
import json
import os
import platform
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from bench.accuracy.cgroup import group
from bench.peers import figures, monitors, scenarios
from bench.peers.figures import Measured, Run
from bench.peers.installing import Unavailable, prepared
from bench.peers.monitors import SIZE, Monitor
from bench.peers.scenarios import Scenario, wait_for_calm
from bench.peers.session import MonitorFailed, Times, run
from bench.usage import clock

TRIES: Final = 4


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser("bench.peers", description=__doc__)
    parser.add_argument(
        "--scenario",
        action="append",
        type=scenarios.parse,
        metavar="NAME",
        help=f"{scenarios.HELP}; repeatable (default: {', '.join(scenarios.USUAL)})",
    )
    names = [monitor.name for monitor in monitors.ALL]
    parser.add_argument(
        "--monitors", type=_list, default=names, help=f"some of {','.join(names)}"
    )
    parser.add_argument("--repeats", type=int, default=3, help="runs of each")
    parser.add_argument("--seconds", type=float, default=10.0, help="measured of a run")
    parser.add_argument(
        "--warm-up", type=float, default=4.0, help="seconds before that"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write figures there")
    parser.add_argument(
        "--no-install", action="store_true", help="skip what is missing"
    )
    options = parser.parse_args(words)
    options.scenario = options.scenario or [*map(scenarios.parse, scenarios.USUAL)]
    if unknown := sorted(set(options.monitors) - set(names)):
        parser.error(f"no monitor is called {', '.join(unknown)}: {', '.join(names)}")
    return options


def _list(text: str) -> list[str]:
    return text.split(",")


def available(options: argparse.Namespace) -> list[Monitor]:
    """Return what can be measured; print what cannot, and why."""
    found = []
    for monitor in monitors.ALL:
        if monitor.name in options.monitors:
            try:
                install = not options.no_install
                found.append(prepared(monitor, may_install=install))
            except Unavailable as error:
                print(f"skipped {monitor.name}: {error}", flush=True)
    return found


def machine(options: argparse.Namespace, found: list[Monitor]) -> dict[str, Any]:
    """Return what the figures depend on."""
    with group() as cgroup:
        counted = clock(cgroup)
    return {
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "linux": platform.release(),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "screen": SIZE,
        "repeats": options.repeats,
        "measured_s": options.seconds,
        "warm_up_s": options.warm_up,
        "cpu_clock": counted,
        "versions": {monitor.name: monitor.version() for monitor in found},
    }


class Bench:
    """All runs, in turn."""

    def __init__(
        self, options: argparse.Namespace, found: list[Monitor], home: Path
    ) -> None:
        """Take what the command line asks for, and an empty folder for settings."""
        self._found = found
        self._repeats: int = options.repeats
        self._times = Times(options.warm_up, options.seconds)
        self._environment = monitors.environment(home)

    def warm_caches(self) -> None:
        """Start each monitor once, for what only a first start does."""
        for monitor in self._found:
            self._run(scenarios.parse("70"), monitor)

    def measure(self, scenario: Scenario) -> Measured:
        """Measure each monitor in turn, again and again."""
        wait_for_calm()
        with scenario.running():
            before = os.getloadavg()[0]
            runs = [
                self.measure_alone(scenario, monitor)
                for at in range(self._repeats)
                for monitor in _rotated(self._found, at)
            ]
            measured = Measured(scenario.name, before, os.getloadavg()[0], runs)
        print(measured.conditions(), flush=True)
        return measured

    def measure_alone(self, scenario: Scenario, monitor: Monitor) -> Run:
        """Measure a monitor, again if others have many processes meanwhile."""
        for _ in range(TRIES):
            result = self._run(scenario, monitor)
            if not result.figures or scenario.is_met(result.figures.processes):
                return result
        return replace(result, disturbed=True)

    def _run(self, scenario: Scenario, monitor: Monitor) -> Run:
        try:
            result = run(
                monitor, self._times, self._environment, threads=scenario.has_threads
            )
        except MonitorFailed as failure:
            print(f"{monitor.name}, {scenario.name}: {failure}", flush=True)
            return Run(scenario.name, monitor.name, None, str(failure))
        return Run(scenario.name, monitor.name, result)


def _rotated(found: list[Monitor], by: int) -> list[Monitor]:
    """Return the monitors beginning with another one, so that none is always first."""
    first = by % len(found)
    return found[first:] + found[:first]


def print_tables(measured: list[Measured], found: list[Monitor]) -> None:
    """Print a table for each figure."""
    medians = figures.medians(run for each in measured for run in each.runs)
    names = [monitor.name for monitor in found]
    for table in figures.TABLES:
        print()
        print("\n".join(figures.lines(table, medians, names)))
    without = [monitor.name for monitor in found if not monitor.shows_threads]
    if without and any(each.scenario == "threads" for each in measured):
        print(f"\nthreads: {', '.join(without)} list processes only")


def main() -> None:
    """Print the tables."""
    options = arguments()
    # So that everything that was started is ended on SIGTERM as it is on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    found = available(options)
    if not found:
        raise SystemExit("bench.peers: no monitor to measure")
    conditions = machine(options, found)
    for name in ("linux", "cpus", "cpu_clock", "repeats", "measured_s"):
        print(f"{name} {conditions[name]}")
    measured: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="peers-") as home:
        bench = Bench(options, found, Path(home))
        bench.warm_caches()
        for scenario in options.scenario:
            measured.append(bench.measure(scenario))
            if options.json:
                # Again after each scenario: all of them take most of an hour.
                document = {
                    **conditions,
                    "scenarios": [each.record() for each in measured],
                }
                options.json.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    print_tables(measured, found)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
