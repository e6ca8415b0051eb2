"""The tests of what every collector promises, one row for each collector."""

import contextlib
import os
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Literal

import pytest

from montauk_tui.collectors import registry

TESTS = Path(__file__).parents[2] / "collectors" / "test_contract.py"
Outcome = Literal["passed", "failed", "skipped"]


class Tally:
    """A pytest plugin that counts outcomes by collector."""

    def __init__(self) -> None:
        self.tests: dict[tuple[str, Outcome], list[str]] = defaultdict(list)
        self.reasons: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.passed:
            return
        test, name = split(report.nodeid)
        self.tests[name, report.outcome].append(test)
        if report.skipped and isinstance(report.longrepr, tuple):
            self.reasons.setdefault(name, report.longrepr[2].removeprefix("Skipped: "))

    def row(self, name: str) -> str:
        """Return the line about a collector."""
        passed, failed, skipped = (
            self.tests[name, outcome] for outcome in ("passed", "failed", "skipped")
        )
        counts = f"{len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped"
        if failed:
            tests = sorted(set(failed))
            more = [f"and {len(tests) - 3} more"] if len(tests) > 3 else []
            return f"FAIL contract[{name}] {counts}: {', '.join(tests[:3] + more)}"
        if not passed:
            return f"skip contract[{name}] {self.reasons.get(name, 'no tests')}"
        return f"pass contract[{name}] {counts}"


def split(nodeid: str) -> tuple[str, str]:
    """Return the names of the test and of the collector in `file::test[name-...]`."""
    found = re.search(r"::(\w+)\[(.*)\]$", nodeid)
    test, parameters = (found[1], found[2]) if found else (nodeid, "")
    names = [name for name in registry.names() if name in parameters.split("-")]
    return test, names[0] if names else "any"


def main() -> None:
    """Run the tests with the plugins they need; loading all takes long here."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    tally = Tally()
    arguments = [
        str(TESTS),
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "pytest_asyncio.plugin",
    ]
    with contextlib.redirect_stdout(sys.stderr):
        code = pytest.main(arguments, plugins=[tally])
    for name in registry.names():
        print(tally.row(name))
    if any(name == "any" for name, _ in tally.tests):
        print(tally.row("any"))
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        print(f"FAIL contract pytest: {code!r}")


if __name__ == "__main__":
    main()
