"""The examples in docs: `make test-exporter` runs them on a real Prometheus."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from montauk_tui.cli.exporter_parsers import LISTEN
from montauk_tui.export.metrics.names import METRICS
from tests.exporter import __main__ as real
from tests.exporter import binaries

FILES = [real.PAGE, *sorted(real.EXAMPLES.iterdir()), real.RULES_TEST]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_they_name_metrics_that_there_are(file: Path) -> None:
    known = {it.sample for it in METRICS}
    text = file.read_text("utf-8")
    named = set(re.findall(r"\bmontauk_[a-z_]+\b(?!:)", text))
    assert named <= known


def test_the_port_is_that_of_the_exporter() -> None:
    assert LISTEN in (real.EXAMPLES / "prometheus.yml").read_text("utf-8")


def test_the_page_has_queries() -> None:
    assert len(real.queries()) >= 5


def test_systemd_takes_the_service(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("there is no systemd-analyze")
    text = (real.EXAMPLES / "montauk-exporter.service").read_text("utf-8")
    unit = tmp_path / "montauk-exporter.service"
    unit.write_text(text.replace("/usr/bin/montauk", "/bin/true"))
    done = subprocess.run(
        [analyze, "verify", "--man=no", str(unit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert [line for line in done.stderr.splitlines() if unit.name in line] == []


def test_promtool_takes_the_rules_where_it_is_installed(tmp_path: Path) -> None:
    found = binaries.installed()
    if found is None:
        pytest.skip("promtool is not installed; make test-exporter fetches it")
    assert "the test of the rules passes" in real.check_files(found, tmp_path)
