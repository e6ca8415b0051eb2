"""Without privilege: every end, but not its CPU time; or the reason why not."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.privileged

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
CHECKOUT = Path(__file__).parents[3]
CONTRACT = CHECKOUT / "tests" / "collectors" / "test_contract.py"

SCRIPT = """
import json, os, subprocess, sys
from montauk_tui.collectors.netlink.collector import NetlinkCollector
from montauk_tui.collectors.netlink.reader import ArgumentReader
from montauk_tui.model.schema import UNKNOWN, Need
from tests.support.patience import until

collector = NetlinkCollector()
state = collector.availability()
told = {"available": state.available, "reason": state.reason, "ends": []}
drain, read = ArgumentReader.drain, set()

def recorded(reader, upto_ns):
    found = drain(reader, upto_ns)
    read.update(pid for (pid, _), argv in found.items() if argv.raw)
    return found

def is_told():
    exits = collector.sample(Need.NONE).exits
    told["ends"] += [
        {name: int(getattr(exits, name)[row]) for name in sys.argv[1:]}
        | {name: getattr(exits, name)[row].decode() for name in ("cmdline", "comm")}
        for row in range(len(exits)) if exits.pid[row] == shell.pid
    ]
    return told["ends"]

ArgumentReader.drain = recorded
if state.available:
    with collector:
        collector.sample(Need.NONE)
        argv = ["sh", "-c", "sleep 0.3; read line; exit 7"]
        with subprocess.Popen(argv, stdin=subprocess.PIPE) as shell:
            until(lambda: shell.pid in read or "few arguments" in collector.detail)
            shell.communicate(b"go on\\n")
        until(is_told, "the end")
        told["detail"] = collector.detail
told["own"] = os.getpid()
told["unknown"] = UNKNOWN
print(json.dumps(told))
"""

COLUMNS = (
    "ppid", "uid", "exit_code", "exit_signal", "lifetime_ns", "utime_ns", "stime_ns",
    "peak_rss_bytes", "read_bytes", "threads",
)  # fmt: skip


def release() -> tuple[int, int]:
    major, minor = platform.release().split(".")[:2]
    return int(major), int("".join(filter(str.isdigit, minor)))


def lets_everybody_listen() -> bool:
    """Whether this is Linux 6.6 or later."""
    return release() >= (6, 6)


def as_nobody(*command: str) -> subprocess.CompletedProcess[str]:
    """Run Python as a user without privilege, or skip if it cannot read this."""
    environment = {
        **os.environ,
        "HOME": "/",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    reading = [*NOBODY, sys.executable, "-c", "import montauk_tui.cli, pytest"]
    refused = subprocess.run(reading, capture_output=True, text=True, check=False)
    if refused.returncode:
        last = (refused.stderr.strip().splitlines() or ["no message"])[-1]
        pytest.skip(f"nobody cannot run this Python: {last}")
    return subprocess.run(
        [*NOBODY, sys.executable, *command],
        capture_output=True, text=True, check=False, cwd=CHECKOUT, env=environment,
        timeout=300,
    )  # fmt: skip


def story() -> dict[str, Any]:
    done = as_nobody("-c", SCRIPT, *COLUMNS)
    assert done.returncode == 0, done.stderr
    reported: dict[str, Any] = json.loads(done.stdout)
    return reported


def test_everybody_may_listen_since_6_6() -> None:
    reported = story()
    if not lets_everybody_listen():
        assert (reported["available"], reported["reason"]) == (
            False,
            "no CAP_NET_ADMIN",
        )
        return
    assert reported["available"]
    assert "no CPU time of exited processes without CAP_NET_ADMIN" in reported["detail"]
    (end,) = reported["ends"]
    unknown = reported["unknown"]
    assert (end["exit_code"], end["exit_signal"]) == (7, unknown)
    assert end["ppid"] == reported["own"]
    # Where nobody may not start this Python, nothing reads arguments, and it is said.
    if "few arguments" not in reported["detail"]:
        assert end["comm"] == "sh"
        assert end["cmdline"] == "sh\0-c\0sleep 0.3; read line; exit 7"
    assert 0.3e9 <= end["lifetime_ns"] < 60e9
    for name in ("utime_ns", "stime_ns", "peak_rss_bytes", "read_bytes", "threads"):
        assert end[name] == unknown, name


def test_what_is_unknown_is_null_in_json() -> None:
    if not lets_everybody_listen():
        pytest.skip("before Linux 6.6 it takes CAP_NET_ADMIN to listen")
    code = (
        "import subprocess, sys\n"
        "from montauk_tui import cli\n"
        "loop = subprocess.Popen(['sh', '-c', 'while sleep 0.05; do :; done'])\n"
        "print(loop.pid, file=sys.stderr)\n"
        "try:\n"
        "    code = cli.main(sys.argv[1:])\n"
        "finally:\n"
        "    loop.kill(); loop.wait()\n"
        "sys.exit(code)\n"
    )
    done = as_nobody(
        "-c", code, "--collector", "netlink", "--json", "-n", "2", "-d", "1"
    )
    assert done.returncode == 0, done.stderr
    samples = [json.loads(line) for line in done.stdout.splitlines()]
    assert all("CAP_NET_ADMIN" in each["collector"]["detail"] for each in samples)
    ended = [row for each in samples for row in each["processes"] if not row["alive"]]
    loop = int(done.stderr.split()[0])
    sleeps = [row for row in ended if row["ppid"] == loop]
    assert sleeps
    for row in sleeps:
        assert (row["utime_s"], row["stime_s"], row["exit_code"]) == (None, None, 0)


def test_the_contract_holds() -> None:
    if not lets_everybody_listen():
        pytest.skip("before Linux 6.6 it takes CAP_NET_ADMIN to listen")
    # setpriv starts Python with root's capabilities; its children do without.
    code = "import subprocess, sys; subprocess.run([sys.executable, '-V'])"
    if as_nobody("-c", code).returncode:
        pytest.skip(f"nobody cannot run {sys.executable}")
    # Other plugins want to write to the checkout.
    plugins = ["-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin"]
    done = as_nobody("-m", "pytest", "-q", *plugins, "-k", "netlink", str(CONTRACT))
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
