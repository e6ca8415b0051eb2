"""Asks three engines the same questions of three hosts: `make test-fleet`.

Run as `python -m tests.engines [made|live [SECONDS]]`. The hosts are made up, an hour
in some seconds, or live in namespaces (`tests.engines.hosts`, as root) for as long as
it says. Prints a table of times; exits with 1 if an answer differs from that of DuckDB,
or if the CPU time of a live host differs from that of its cgroup.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from montauk_tui.export.fleet.questions import QUESTIONS
from tests.engines.asked import differences, read
from tests.engines.books import SHARE, compare
from tests.engines.hosts import Recorded, record_live
from tests.support.fleet import exported, record_all

ENGINES: Final = {
    "DuckDB": "duckdb_", "Spark": "spark", "ClickHouse": "clickhouse",
}  # fmt: skip
_SECONDS: Final = 3_600


def answers_of(module: str, out: Path, path: Path) -> dict[str, Any]:
    """Return the answers of an engine, which is a process of its own."""
    command = [sys.executable, "-m", f"tests.engines.{module}", str(out), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{module} failed:\n{done.stdout}{done.stderr}")
    return read(path)


def table(answers: dict[str, dict[str, Any]]) -> str:
    """Return the times as Markdown."""
    lines = [f"| question | rows | {' | '.join(f'{it}, s' for it in answers)} |"]
    lines.append("|" + "---|" * (2 + len(answers)))
    for question in QUESTIONS:
        times = " | ".join(
            f"{its[question.id]['seconds']:.3f}" for its in answers.values()
        )
        rows = len(answers["DuckDB"][question.id]["rows"])
        lines.append(f"| {question.id} | {rows} | {times} |")
    return "\n".join(lines)


def ask_all_engines(path: Path, out: Path) -> int:
    """Print the times of all engines; return how many answers differ."""
    answers = {
        engine: answers_of(module, out, path / f"{module}.json")
        for engine, module in ENGINES.items()
    }
    print(table(answers))
    wrong = 0
    for engine, its in answers.items():
        for line in differences(answers["DuckDB"], its):
            wrong += 1
            print(f"{engine} differs: {line}", file=sys.stderr)
    questions = len(QUESTIONS) * (len(ENGINES) - 1)
    print(f"{questions - wrong} passed, {wrong} failed")
    return wrong


def compare_books(hosts: Sequence[Recorded], out: Path) -> int:
    """Print what each host used by each account; return how many differ."""
    wrong = 0
    for one in compare(hosts, out):
        is_wrong = one.difference > SHARE
        wrong += is_wrong
        print(f"{one}{': too much' if is_wrong else ''}")
    return wrong


def main(arguments: Sequence[str]) -> int:
    """Record, export, ask, compare."""
    kind, seconds, *_ = *arguments, *("made", str(_SECONDS))[len(arguments) :]
    if kind not in {"made", "live"}:
        raise SystemExit(__doc__)
    if shutil.which("java") is None:
        print("Spark needs Java 17: apt-get install openjdk-17-jre-headless")
        return 1
    with tempfile.TemporaryDirectory(prefix="montauk-fleet-") as name:
        path, live = Path(name), []
        if kind == "live":
            live = record_live(path, int(seconds))
            folders = [host.folder for host in live]
        else:
            folders = record_all(path, int(seconds))
        for folder in folders:
            exported(folder, path / "out")
        wrong = compare_books(live, path / "out")
        wrong += ask_all_engines(path, path / "out")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
