"""`montauk events` as a program: how it ends, and that it tells everything."""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from montauk_tui.collectors import registry

PATIENCE_S = 60.0
"""How long a program may take to end; it never needs to."""

# --- as a program ---------------------------------------------------------------------

# A collector of its own that tells of an exec in every sample, and SIGINT as it is in a
# terminal: whoever started the tests may have had it ignored.
FAKED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from montauk_tui import cli
from montauk_tui.collectors import registry
from tests.support.stream import LIFE, Made, sample_of
made = Made("kernel")
made.sample = lambda needs: sample_of(LIFE)
registry.names = lambda: ["kernel"]
registry.load = lambda name: made
sys.exit(cli.main(sys.argv[1:]))
"""


def faked(*arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", FAKED, "events", *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_reader_that_had_enough(options: list[str]) -> None:
    with faked(*options) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.stdout.close()
        process.stdout = None
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_a_reader_that_had_enough_is_noticed_without_an_event() -> None:
    with faked("--filter", "nothing") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"TIME ")
        process.stdout.close()
        process.stdout = None
        assert process.wait(PATIENCE_S) == 0


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_interrupt_ends_with_the_summary(options: list[str]) -> None:
    with faked(*options) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    if options:
        assert "summary" in json.loads(out.splitlines()[-1])
        assert err == b""
    else:
        assert re.fullmatch(rb"\d+ forks?, \d+ execs?, .* lost\n", err)


def test_an_interrupt_loses_nothing_that_waits_for_a_slow_reader() -> None:
    """Python's own writer loses what is left of a large write then."""
    script = (
        "import signal, sys; signal.signal(signal.SIGINT, lambda *_: None);"
        "from montauk_tui.export.output import write_stdout; write_stdout('ready');"
        "write_stdout('\\n'.join(map(str, range(100_000)))); write_stdout('end')"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        # The pipe has no room for all of it: the writer waits, before or after this.
        process.send_signal(signal.SIGINT)
        assert process.stdout.read().split() == [*map(str, range(100_000)), "end"]


# --- the real thing -------------------------------------------------------------------

LOOP = "n=0; while [ $n -lt $1 ]; do /bin/true $0 $n; n=$((n+1)); done; exit 0"
RUNS = 100
KEY = "montauk-events"


@pytest.mark.privileged
@pytest.mark.parametrize("name", ["kernel", "netlink"])
def test_every_process_is_told_from_fork_to_exit_and_the_figures_agree(
    name: str,
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root sees everything")
    state = registry.load(name).availability()
    if not state.available:
        pytest.skip(f"{state.reason}; {state.remedy}")
    script = (
        "import signal, sys; from montauk_tui.cli import main;"
        "from montauk_tui.export import events;"
        # Until the last end is complete, however late it gets a CPU.
        f"events._PATIENCE_S = {PATIENCE_S};"
        "signal.signal(signal.SIGINT, signal.default_int_handler);"
        "sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", script, "events", "--json", "--collector", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as monitor:
        assert monitor.stdout is not None
        # That of its own loader or of anybody else: it listens now.
        with subprocess.Popen(["sh", "-c", "while :; do /bin/true; done"]) as noise:
            first = monitor.stdout.readline()
            noise.kill()
        loops = [
            subprocess.Popen(["sh", "-c", LOOP, f"{KEY}-{number}", str(RUNS)])
            for number in (1, 2)
        ]
        assert [loop.wait() for loop in loops] == [0, 0]
        monitor.send_signal(signal.SIGINT)
        told = [first, *monitor.stdout]
    assert monitor.returncode == 0
    *events, last = map(json.loads, told)
    if name == "kernel":
        # In the order in which it happened, ends as well.
        times = [event["time"] for event in events]
        assert times == sorted(times)
    check_lives(events, [loop.pid for loop in loops])
    check_figures(events, last["summary"])


def check_lives(events: list[dict[str, Any]], parents: list[int]) -> None:
    """Each run of a loop is told as fork, exec and exit in this order."""
    lives: dict[int, list[dict[str, Any]]] = {}
    runs: Counter[int] = Counter()
    for event in events:
        if event["event"] == "fork" and event["ppid"] in parents:
            runs[event["ppid"]] += 1
            assert event["pid"] not in lives
            lives[event["pid"]] = []
        if event["pid"] in lives:
            lives[event["pid"]].append(event)
    assert [runs[parent] for parent in parents] == [RUNS, RUNS]
    texts = set()
    for life in lives.values():
        assert [event["event"] for event in life] == ["fork", "exec", "exit"]
        times = [event["time"] for event in life if event["time"] is not None]
        assert times == sorted(times)
        assert (life[-1]["exit_code"], life[-1]["exit_signal"]) == (0, None)
        texts |= {event["cmdline"] for event in life}
    wanted = {f"/bin/true {KEY}-{n} {run}" for n in (1, 2) for run in range(RUNS)}
    unread = wanted - texts
    # netlink reads the arguments after the exec: it may come too late.
    assert not unread or all(one["cgroup_id"] is None for one in events)


def check_figures(events: list[dict[str, Any]], summary: dict[str, Any]) -> None:
    """What was counted was told, still is to come, or is lost."""
    told = Counter(event["event"] for event in events)
    assert summary["shown"] == len(events)
    assert told["exit"] + summary["pending"] + summary["lost_exits"] == summary["exits"]
    lost = summary["lost"] - summary["lost_exits"]
    assert told["fork"] + told["exec"] + lost == summary["forks"] + summary["execs"]
    assert lost > 0 or told["fork"] == summary["forks"]
