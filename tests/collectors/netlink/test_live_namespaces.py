"""Inside of namespaces, where the subscription may work and nothing ever arrives."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.privileged

MONTAUK = [sys.executable, "-m", "montauk_tui"]
PIDS = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]
NETWORK = ["unshare", "--net"]
NO_EVENTS = {
    "PID": (
        "the kernel delivers no events in this PID namespace",
        "run it on the host, outside of the container",
    ),
    "network": (
        "the proc connector is not in this network namespace",
        "run it on the host, or with its network (--network host)",
    ),
}


def run(namespaces: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run montauk inside, or skip where there can be no such inside."""
    refused = subprocess.run([*namespaces, "true"], check=False, capture_output=True)
    if refused.returncode:
        pytest.skip(f"no namespaces here: {refused.stderr.decode().strip()}")
    return subprocess.run(
        [*namespaces, *MONTAUK, *arguments],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("namespaces", "kind"),
    [(PIDS, "PID"), (NETWORK, "network")],
    ids=["pid", "net"],
)
def test_it_says_why_it_is_not_available(namespaces: list[str], kind: str) -> None:
    done = run(namespaces, "--collector-info")
    assert done.returncode == 0, done.stderr
    (line,) = (line for line in done.stdout.splitlines() if " netlink:" in line)
    reason, remedy = NO_EVENTS[kind]
    assert "unavailable" in line
    assert reason in line
    assert remedy in line


def test_the_traditional_collector_serves_in_a_pid_namespace() -> None:
    done = run(PIDS, "--collector-info")
    assert "[active] traditional" in done.stdout
    done = run(PIDS, "--json", "-n", "1", "-d", "0.1")
    assert done.returncode == 0, done.stderr
    assert '"name": "traditional"' in done.stdout


@pytest.mark.parametrize(
    ("namespaces", "kind"),
    [(PIDS, "PID"), (NETWORK, "network")],
    ids=["pid", "net"],
)
def test_forced_it_ends_with_one_line(namespaces: list[str], kind: str) -> None:
    done = run(namespaces, "--collector", "netlink", "--json", "-n", "1")
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "collector netlink: unavailable" in done.stderr
    assert NO_EVENTS[kind][0] in done.stderr
