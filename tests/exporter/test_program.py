"""`montauk exporter` as a program: what it says, serves, writes and leaves behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from montauk_tui import __version__
from tests.exporter.frames import parsed, parsed_open
from tests.support.patience import MOST_S, until

# Whoever started the tests may have had some of these ignored.
SCRIPT = """
import signal, sys
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_DFL)
from montauk_tui import cli
sys.exit(cli.main(["exporter", *sys.argv[1:]]))
"""
PROGRAM = [sys.executable, "-c", SCRIPT]
QUICK = ("--collector", "traditional", "-d", "0.1")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Leave the settings of who runs the tests alone."""
    for name in [name for name in os.environ if name.startswith("MONTAUK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-settings"))


@contextmanager
def running(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the program, and end it whatever happens."""
    with subprocess.Popen(
        [*PROGRAM, *QUICK, *arguments], stderr=subprocess.PIPE, text=True
    ) as program:
        try:
            yield program
        finally:
            program.kill()


def first_line(program: "subprocess.Popen[str]") -> str:
    assert program.stderr is not None
    return program.stderr.readline()


def scraped(address: str, accept: str = "*/*") -> str:
    request = urllib.request.Request(address, headers={"Accept": accept})  # noqa: S310
    with urllib.request.urlopen(request, timeout=MOST_S) as answer:  # noqa: S310
        return str(answer.read().decode())


def has_sample(address: str) -> bool:
    try:
        return "montauk_samples_total" in scraped(address)
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_serves_until_a_signal_stops_it(number: signal.Signals) -> None:
    with running("--listen", "127.0.0.1:0") as program:
        found = re.search(
            r"metrics: (http://127\.0\.0\.1:\d+/metrics)", first_line(program)
        )
        assert found
        until(lambda: has_sample(found[1]))
        plain = parsed(scraped(found[1]))
        assert plain["montauk_collector_info", frozenset(
            {("collector", "traditional"), ("version", __version__), ("by", "program")}
        )] == 1  # fmt: skip
        assert parsed_open(scraped(found[1], "application/openmetrics-text"))
        program.send_signal(number)
        assert program.wait(MOST_S) == 0
        assert program.stderr is not None
        assert program.stderr.read() == ""


def test_a_scrape_every_10_ms_takes_no_sample() -> None:
    with running("--listen", "127.0.0.1:0", "-d", "3600") as program:
        address = first_line(program).rpartition("metrics: ")[2].strip()
        until(lambda: has_sample(address))
        # The second sample comes soon: before it there are no rates.
        until(lambda: "montauk_samples_total 2" in scraped(address))
        texts = {scraped(address) for _ in range(100)}
    assert len(texts) == 1


def test_a_socket_is_removed_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "metrics.sock"
    with running("--unix", str(path)) as program:
        assert str(path) in first_line(program)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 ")
        program.terminate()
        assert program.wait(MOST_S) == 0
    assert not path.exists()


def test_a_file_is_written_and_removed_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "montauk.prom"
    with running("--textfile", str(path)) as program:
        assert str(path) in first_line(program)
        until(path.exists)
        assert parsed(path.read_text())
        program.terminate()
        assert program.wait(MOST_S) == 0
    assert not path.exists()


def test_groups_by_queries_of_the_settings_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "config.toml"
    settings.write_text(f'[groups]\nown = "pid = {os.getpid()}"\n')
    monkeypatch.setenv("MONTAUK_CONFIG", str(settings))
    path = tmp_path / "montauk.prom"
    with running("--textfile", str(path), "--by", "queries") as program:
        first_line(program)
        until(path.exists)
        series = parsed(path.read_text())
    groups = {dict(labels).get("group") for _, labels in series} - {None}
    assert groups == {"own", "other"}
    assert series["montauk_group_processes", frozenset({("group", "own")})] == 1


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["--listen", "here"], 2, "--listen: 'here' is not an address and a port"),
        (["--by", "queries"], 2, "the settings file has no groups"),
        (["--by", "pid"], 2, "invalid choice: 'pid'"),
        (["--textfile", "a.txt"], 2, "does not end in .prom"),
        (["--unix", "/proc/nothing/it"], 1, "/proc/nothing/it: /proc/nothing: No such"),
        (["--listen", "127.0.0.1:1", "--unix", "x"], 2, "not allowed with argument"),
        (["--listen", "192.0.2.1:9797"], 1, "cannot listen on 192.0.2.1:9797"),
        (["more"], 2, "unrecognized arguments"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    arguments: list[str], code: int, line: str
) -> None:
    done = subprocess.run(
        [*PROGRAM, *arguments], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.count("\n") == 1
    assert line in done.stderr


def test_a_collector_that_fails_ends_it_with_the_reason() -> None:
    script = (
        "import sys; from montauk_tui import cli;"
        "from montauk_tui.collectors import registry;"
        "from tests.support.takeover import Made, ticks;"
        "made = Made('kernel', [ticks(0, 0)]);"
        "registry.names = lambda: ['kernel']; registry.load = lambda name: made;"
        "sys.exit(cli.main(['exporter', '--listen', '127.0.0.1:0', '-d', '0.1']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("kernel broke; restart it")
