"""What the printing commands print, and how they end."""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from montauk_tui.collectors import registry
from tests.cli.conftest import PROGRAM, Command

PATIENCE_S = 60.0
"""How long a program may take to end; it never needs to."""

INFO_LINE = re.compile(
    r"  (\[active\]| {8}) [a-z][a-z0-9_-]*"
    r"( \([^()\n]+\)|: unavailable: [^;\n]+(; [^\n]+)?)"
)

KEYS = {
    "schema", "time", "interval_s", "collector", "host", "counters", "ledger",
    "processes",
}  # fmt: skip

PROCESS_KEYS = {
    "pid", "ppid", "start_time", "alive", "state", "comm", "cmdline", "uid", "user",
    "cpu_pct", "utime_s", "stime_s", "rss_bytes", "threads", "exit_code",
    "exit_signal", "lifetime_s",
}  # fmt: skip


def identities() -> set[tuple[int, bytes]]:
    """Return pid and start of every process, as /proc has them now.

    Without zombies: a sample tells of them as ended, even where nobody waits for them.
    """
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "stat").read_bytes()
        except OSError:
            continue
        words = text[text.rindex(b")") :].split()
        if words[1] != b"Z":
            found.add((int(folder.name), words[20]))
    return found


def test_the_list_of_collectors(program: Command) -> None:
    code, out, err = program("--collector-info")
    assert (code, err) == (0, "")
    title, *lines = out.splitlines()
    assert title == "Available collectors:"
    assert [INFO_LINE.fullmatch(line) is not None for line in lines] == [True] * len(
        registry.names()
    )
    assert [line.split("] ")[-1].split()[0].rstrip(":") for line in lines] == (
        registry.names()
    )
    assert sum("[active]" in line for line in lines) == 1


def test_the_list_of_collectors_with_one_forced(program: Command) -> None:
    _, out, _ = program("--collector-info", MONTAUK_COLLECTOR="traditional")
    assert "  [active] traditional (/proc)" in out.splitlines()
    assert out.count("[active]") == 1


@pytest.mark.privileged
def test_the_table_has_what_ended_in_the_interval(program: Command) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root sees everything")
    state = registry.load("kernel").availability()
    if not state.available:
        pytest.skip(f"{state.reason}; {state.remedy}")
    loop = "while :; do /bin/true; done"
    with subprocess.Popen(["sh", "-c", loop]) as shell:
        try:
            code, out, _ = program(
                "--once", "--collector", "kernel", "--filter", "true"
            )
        finally:
            shell.kill()
    assert code == 0
    (many,) = (line for line in out.splitlines() if f"by sh {shell.pid}" in line)
    assert int(many.split()[0].removesuffix("x")) > 1
    assert many.split()[7] == "X"


def test_one_table(program: Command) -> None:
    code, out, err = program("--once", "-d", "100ms", "--sort", "pid")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[2].startswith("Busy ")
    assert lines[3] == ""
    assert lines[4].split()[:4] == ["PID", "USER", "PRI", "NI"]
    # A row of many has their number in the place of a PID.
    firsts = [line.split()[0] for line in lines[5:]]
    pids = [int(first) for first in firsts if not first.endswith("x")]
    assert pids == sorted(pids)
    assert os.getpid() in pids


def test_samples_as_json(program: Command) -> None:
    before = identities()
    code, out, err = program("--json", "-n", "2", "-d", "100ms")
    stayed = {pid for pid, _ in before & identities()}
    assert (code, err) == (0, "")
    samples = [json.loads(line) for line in out.splitlines()]
    assert len(samples) == 2
    for sample in samples:
        check_sample(sample)
        pids = [process["pid"] for process in sample["processes"] if process["alive"]]
        assert len(pids) == len(set(pids))
        assert stayed <= set(pids)
    assert samples[1]["time"] > samples[0]["time"]


def check_sample(sample: dict[str, Any]) -> None:
    assert sample["schema"] == 1
    assert sample.keys() >= KEYS
    assert sample["interval_s"] > 0
    assert sample["collector"].keys() >= {"name", "detail", "lost"}
    assert sample["host"].keys() >= {"cpus", "busy_pct"}
    assert sample["counters"].keys() >= {"forks", "execs", "exits"}
    ledger = sample["ledger"]
    parts = ("live_s", "exited_s", "interrupts_s", "unexplained_s")
    assert ledger["busy_s"] == pytest.approx(
        sum(ledger[part] or 0.0 for part in parts), abs=1e-5
    )
    for process in sample["processes"]:
        assert process.keys() >= PROCESS_KEYS
    own = next(p for p in sample["processes"] if p["pid"] == os.getpid())
    assert own["ppid"] == os.getppid()
    assert own["uid"] == os.geteuid()
    assert own["alive"] is True
    assert own["exit_code"] is None
    assert own["start_time"] < sample["time"]
    assert own["rss_bytes"] > 2**20


def test_filter_sort_and_limit(program: Command) -> None:
    # The filter's own text stands in montauk's arguments, too.
    with marked("needle-in-the-hay") as first, marked("needle-in-the-hay") as second:
        arguments = ["-d.1", "--filter", "nothing-like-it|DLE-IN-THE-H"]
        out = program("--json", "-n1", *arguments, "--sort", "pid").out
        found = [process["pid"] for process in json.loads(out)["processes"]]
        assert set(found) >= {first.pid, second.pid}
        assert found == sorted(found)
        assert os.getpid() not in found
        out = program("--json", "-n1", *arguments, "--limit", "1").out
        assert len(json.loads(out)["processes"]) == 1
        _, out, _ = program("--once", *arguments, "--sort", "start")
        assert str(first.pid) in [line.split()[0] for line in out.splitlines()[4:]]


def test_the_filter_compares_fields(program: Command) -> None:
    with marked("needle-in-the-hay") as one:
        query = f"ppid = {os.getpid()} and -IN-THE- and age < 1h and not -json"
        out = program("--json", "-n1", "-d.1", "--filter", query).out
        (found,) = json.loads(out)["processes"]
        assert found["pid"] == one.pid


@contextmanager
def running(arguments: list[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program, which is ended and reaped at the latest at the end."""
    process = subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def marked(argument: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process that has `argument` in its command line, as it has told."""
    arguments = ["sh", "-c", "echo here; read line", argument]
    with running(arguments, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        yield process


def test_a_reader_that_had_enough(tmp_path: Path) -> None:
    with running(
        [*PROGRAM, "--json", "-d.1"], stdout=subprocess.PIPE, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b'{"schema"')
        process.stdout.close()
        process.stdout = None
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "option", ["--once", "--collector-info", "--help", "--version"]
)
def test_a_reader_that_never_read(option: str, unbuffered: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*PROGRAM, "-d.1", option],
        stdout=writing, stderr=subprocess.PIPE, check=False,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )  # fmt: skip
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, "--once", "-d.1"], stdout=full, stderr=subprocess.PIPE,
            text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "montauk: cannot write to stdout: No space left on device\n"


@pytest.mark.parametrize("command", ["--once -d.1", "--json -n1 -d.1"])
def test_a_stdout_that_is_closed_is_one_line(command: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m montauk_tui {command} >&-', sys.executable],
        stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("montauk: stdout is closed")
    assert done.stderr.count("\n") == 1


def test_an_interrupt_ends_quietly() -> None:
    # Whoever started the tests may have had SIGINT ignored, as a shell does for `&`.
    script = (
        "import signal, sys; from montauk_tui.cli import main;"
        "signal.signal(signal.SIGINT, signal.default_int_handler);"
        "sys.exit(main(sys.argv[1:]))"
    )
    arguments = [sys.executable, "-c", script, "--json", "-d.1"]
    with running(arguments, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b'{"schema"')
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_a_terminal_that_lacks_letters(program: Command) -> None:
    with marked("n\u00e9edle-\u4e2d"):
        code, out, err = program(
            "--once", "-d.1", "--filter", "edle-", PYTHONIOENCODING="ascii"
        )
    assert (code, err) == (0, "")
    assert r"n\xe9edle-\u4e2d" in out


def once_on_a_terminal(columns: int) -> list[str]:
    """Return the lines of --once on a terminal of that width, 0 for none known."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [*PROGRAM, "--once", "-d.1", "--limit=3"],
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    pieces = []
    try:
        while piece := os.read(ours, 65536):
            pieces.append(piece)
    except OSError:  # how Linux says that the other side was closed
        pass
    os.close(ours)
    assert process.wait(PATIENCE_S) == 0
    return b"".join(pieces).decode().splitlines()


def test_a_narrow_terminal_cuts_the_lines() -> None:
    lines = once_on_a_terminal(40)
    assert len(lines) == 8
    assert max(map(len, lines)) <= 40
    assert "PID USER" in lines[4]


def test_a_terminal_that_does_not_know_its_width_shows_all() -> None:
    assert any("Command" in line for line in once_on_a_terminal(0))


@pytest.mark.parametrize("sort", ["pss_bytes", "oom", "unit", "throttled_pct"])
def test_gauges_of_all_are_read_to_sort_and_filter(
    program: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('columns = ["pid", "pss_bytes", "oom", "cwd", "files"]\n')
    monkeypatch.setenv("MONTAUK_CONFIG", str(settings))
    with subprocess.Popen(["sleep", "600"], cwd=tmp_path) as child:
        try:
            query = f"pss > 1k and cwd = '{tmp_path}' and pid = {child.pid}"
            code, out, err = program(
                "--once", "-d", "0.1", "--sort", sort, "--filter", query,
                "--collector", "traditional",
            )  # fmt: skip
        finally:
            child.kill()
    assert (code, err) == (0, "")
    *_, title, row = out.splitlines()
    assert title.split() == ["PID", "PSS", "OOM", "CWD", "nFD"]
    assert row.split()[0] == str(child.pid)
    assert "-" not in row.split()
