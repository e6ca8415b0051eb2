"""How much of a known workload each collector explains, compared with top.

Each workload runs once for each tool, one after the other, so that other load on the
machine affects all of them alike.
"""

import argparse
import dataclasses
import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import Any

from bench.accuracy import programs, session, table
from bench.accuracy.cgroup import group
from bench.accuracy.driver import WORKLOADS
from bench.accuracy.record import ToolFailed


def arguments() -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser("bench.accuracy", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each workload")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write figures there")
    for name, choices in {"workload": list(WORKLOADS), "tool": None}.items():
        parser.add_argument(
            f"--{name}", action="append", choices=choices, help="only this; repeatable"
        )
    return parser.parse_args()


def tools() -> list[str]:
    """Return the tools that work; print the others with the reason."""
    found, missing = session.collectors()
    if which("top"):
        found.append(session.TOP)
    else:
        missing.append("top: not installed")
    for line in missing:
        print(f"left out: {line}")
    return found


def conditions(kit: programs.Programs, seconds: float) -> None:
    """Print the conditions of the measurement."""
    with group() as cgroup:
        truth = "cgroup" if cgroup else "getrusage, without exits"
    print(f"Linux {platform.release()}, {os.cpu_count()} CPUs, {seconds:g} s each")
    print(f"truth by {truth}; awk loops {kit.loops['5']} times in 5 ms\n")


def measure(
    options: argparse.Namespace, kit: programs.Programs, names: list[str]
) -> Iterator[dict[str, Any]]:
    """Run all; print a row and yield a record for each."""
    for workload in options.workload or WORKLOADS:
        for tool in names:
            record: dict[str, Any] = {"workload": workload, "tool": tool}
            try:
                figures, truth = session.run(tool, workload, kit, options.seconds)
            except ToolFailed as failure:
                print(f"{workload}, {tool}: {failure}", flush=True)
                yield {**record, "failed": str(failure)}
                continue
            print(table.row(workload, tool, figures, truth), flush=True)
            yield {
                **record,
                "started": truth.started,
                "truth_s": truth.cpu_s,
                **dataclasses.asdict(figures),
            }


def summary(records: list[dict[str, Any]]) -> None:
    """Print anomalies: ledger gaps, exited processes listed again."""
    gaps = [record["gap_s"] for record in records if record.get("gap_s") is not None]
    if gaps:
        print(f"\nbusy time misses the sum of its parts by {max(gaps):.6f} s at most")
    again = sum(record.get("repeated", 0) for record in records)
    print(f"rows of processes listed again after their end: {again}")


def main() -> None:
    """Print the table."""
    options = arguments()
    # SIGTERM ends everything that was started, like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    names = tools()
    with tempfile.TemporaryDirectory(prefix="accuracy-") as folder:
        kit = programs.prepare(Path(folder))
        conditions(kit, options.seconds)
        print(table.heading())
        wanted = [name for name in names if name in (options.tool or names)]
        records = list(measure(options, kit, wanted))
    summary(records)
    if options.json:
        options.json.write_text(json.dumps(records, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
