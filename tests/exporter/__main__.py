"""`make test-exporter`: a real Prometheus scrapes a running exporter for a minute.

Checks the metrics, the example rules and their tests with promtool, then that every
query of docs/metrics.md has an answer, and that no counter fell over storms of
processes. One line for each check; exits with 1 if one fails, with 75 without
Prometheus.
"""

import contextlib
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.exporter.binaries import ROOT, Binaries, Unavailable, fetched
from tests.support.patience import until

EXAMPLES: Final = ROOT / "docs" / "prometheus"
PAGE: Final = ROOT / "docs" / "metrics.md"
RULES_TEST: Final = ROOT / "tests" / "exporter" / "rules_test.yml"
SECONDS: Final = 60.0
RUNS: Final = 150
STORM: Final = f"n=0; while [ $n -lt {RUNS} ]; do /bin/true; n=$((n+1)); done; exit 3"
TEMPFAIL: Final = 75
PATIENCE_S: Final = 60.0

CONFIG: Final = """\
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: montauk
    static_configs: [{{targets: ["{target}"]}}]
"""

WAITS_FOR: Final = frozenset(("oom",))
"""Words of queries that have no answer while nothing of the kind happens."""


class Failed(Exception):
    """A check that failed, in one line."""


def run(*command: str, given: str = "", cwd: Path | None = None) -> str:
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, check=False, cwd=cwd
    )
    if done.returncode:
        raise Failed(f"{' '.join(command)}: {done.stdout}{done.stderr}".strip())
    return done.stdout


@contextmanager
def program(*command: str, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program, and end it whatever happens."""
    with log.open("wb") as out, subprocess.Popen(command, stderr=out) as running:
        try:
            yield running
        finally:
            running.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(PATIENCE_S)
            running.kill()


def got(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:  # noqa: S310
        return str(answer.read().decode())


def asked(server: str, query: str) -> list[dict[str, Any]]:
    """Return the answer of Prometheus to a query."""
    url = f"{server}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    try:
        document = json.loads(got(url))
    except urllib.error.HTTPError as error:
        raise Failed(f"{query}: {error.read().decode()}") from error
    found: list[dict[str, Any]] = document["data"]["result"]
    return found


def answers(url: str) -> bool:
    try:
        return bool(got(url))
    except OSError:
        return False


def queries() -> list[str]:
    """Return the queries of the documentation."""
    text = PAGE.read_text("utf-8")
    return re.findall(r"^```promql\n(.*?)\n```", text, re.MULTILINE | re.DOTALL)


# --- checks ---------------------------------------------------------------------------


def check_files(binaries: Binaries, folder: Path) -> str:
    """Check the example files, and the test of the rules."""
    for name in ("prometheus.yml", "rules.yml"):
        text = (EXAMPLES / name).read_text("utf-8")
        (folder / name).write_text(text)
    run(binaries.promtool, "check", "config", str(folder / "prometheus.yml"))
    test = RULES_TEST.read_text("utf-8").replace("RULES", "rules.yml")
    (folder / "test.yml").write_text(test)
    run(binaries.promtool, "test", "rules", "test.yml", cwd=folder)
    return "promtool takes prometheus.yml and rules.yml; the test of the rules passes"


def check_text(binaries: Binaries, address: str) -> str:
    """Check names, types and units."""
    text = got(address)
    said = run(binaries.promtool, "check", "metrics", given=text)
    if said:
        raise Failed(f"promtool check metrics: {said}")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return f"promtool check metrics: {len(lines):,} series, no complaint"


def check_queries(server: str) -> str:
    """Check that every query of the page has an answer."""
    found = queries()
    for query in found:
        answer = asked(server, query)
        if not answer and not any(word in query for word in WAITS_FOR):
            raise Failed(f"no answer to {query}")
    return f"{len(found)} queries of docs/metrics.md have answers"


def check_counters(server: str) -> str:
    """Check that no counter fell."""
    found = asked(server, 'count by (__name__) ({__name__=~"montauk_.+_total"})')
    count = 0
    for one in found:
        name = one["metric"]["__name__"]
        count += int(one["value"][1])
        if fell := asked(server, f"resets({name}[5m]) > 0"):
            raise Failed(f"{name} fell: {fell[0]['metric']}")
    if not count:
        raise Failed("Prometheus has no counters")
    return f"none of {count:,} counters fell"


def check_storms(server: str, storms: int) -> str:
    """Check that processes were counted that no scrape can have seen."""
    metric = 'montauk_group_exits_total{group="true",result="ok"}'
    answer = asked(server, metric)
    count = float(answer[0]["value"][1]) if answer else 0.0
    lost = asked(server, "montauk_lost_exits_total")
    missed = float(lost[0]["value"][1]) if lost else 0.0
    wanted = (storms - 1) * RUNS
    if not lost:
        return "the collector sees no exits: storms are not counted"
    if count + missed < wanted:
        raise Failed(f"{count:,.0f} runs of true were counted, of {wanted:,} or more")
    used = asked(server, 'sum(montauk_group_cpu_seconds_total{group="true"})')
    cpu_s = float(used[0]["value"][1])
    return f"{count:,.0f} runs of true, {cpu_s:.2f} CPU-seconds, {missed:.0f} lost"


def check_all(binaries: Binaries, folder: Path) -> Iterator[Callable[[], str]]:
    """Yield the checks, when it is time for each."""
    yield lambda: check_files(binaries, folder)
    log = folder / "montauk.log"
    montauk = (sys.executable, "-m", "montauk_tui", "exporter")
    with program(*montauk, "--listen", "127.0.0.1:0", log=log) as exporter:
        until(lambda: b"/metrics" in log.read_bytes() or exporter.poll() is not None)
        address = log.read_text().rpartition("metrics: ")[2].strip()
        until(lambda: answers(address), "the first sample", PATIENCE_S)
        yield lambda: check_text(binaries, address)
        target = urllib.parse.urlsplit(address).netloc
        config = folder / "scrape.yml"
        config.write_text(CONFIG.format(rules=folder / "rules.yml", target=target))
        with prometheus(binaries, folder, config) as server:
            storms, end_s = 0, time.monotonic() + SECONDS
            while time.monotonic() < end_s:
                subprocess.run(["sh", "-c", STORM], check=False)
                storms += 1
                time.sleep(0.5)
            # The last storm may be in no sample yet.
            seen = asked(server, "montauk_samples_total")
            yield lambda: f"{seen[0]['value'][1]} samples, {storms} storms"
            yield lambda: check_queries(server)
            yield lambda: check_counters(server)
            yield lambda: check_storms(server, storms)
            yield lambda: check_text(binaries, address)


@contextmanager
def prometheus(binaries: Binaries, folder: Path, config: Path) -> Iterator[str]:
    """Run Prometheus on a free port of loopback."""
    log = folder / "prometheus.log"
    command = (
        binaries.prometheus, f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}", "--web.listen-address=127.0.0.1:0",
    )  # fmt: skip
    with program(*command, log=log) as running:

        def port() -> str | None:
            found = re.search(r"address=127\.0\.0\.1:([1-9]\d*)", log.read_text())
            return found[1] if found else None

        until(lambda: port() or running.poll() is not None, "Prometheus", PATIENCE_S)
        if running.poll() is not None:
            raise Failed(f"Prometheus ends: {log.read_text()[-2000:]}")
        server = f"http://127.0.0.1:{port()}"
        until(lambda: answers(f"{server}/-/ready"), "Prometheus", PATIENCE_S)
        yield server


def main() -> int:
    """Run all checks."""
    try:
        binaries = fetched()
    except Unavailable as why:
        print(f"skip: {why}")
        return TEMPFAIL
    with tempfile.TemporaryDirectory(prefix="montauk-exporter-") as folder:
        try:
            for check in check_all(binaries, Path(folder)):
                print(f"pass: {check()}", flush=True)
        except Failed as why:
            print(f"FAIL: {why}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
