"""Time to the first frame of a user without root, with loaded probes and with /proc.

Needs root and BCC: it loads the probes in a mount namespace of its own, and starts
montauk there as user nobody. Wall clock in a real pty, until the screen has rows of
processes, and the CPU time of all threads by then; starts take turns, so that noise
hits all.
"""

import compileall
import contextlib
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import montauk_tui
from bench.crowd import crowd, present
from bench.peers.rows import FirstRows
from bench.signals import median_and_error
from bench.terminal import Terminal
from montauk_tui.collectors.kernel import requirements

_PAIRS: Final = 25
_CROWD: Final = 1_000
_LIMIT_S: Final = 20.0
_GROUP: Final = 4242
_NOBODY: Final = 65534
_MONTAUK: Final = (sys.executable, "-P", "-m", "montauk_tui")
_WAYS: Final = {
    "traditional, forced": {"MONTAUK_COLLECTOR": "traditional"},
    "kernel, forced": {"MONTAUK_COLLECTOR": "kernel"},
    "not forced": {"MONTAUK_COLLECTOR": ""},
}
_NAMESPACE: Final = """
mount -t bpf -o mode=0755 bpf /sys/fs/bpf
"$@" probes load --group 4242 >/dev/null
echo ready
exec sleep infinity
"""


@contextlib.contextmanager
def loaded() -> Iterator[int]:
    """Load the probes in a namespace; return the pid of a process in it."""
    with subprocess.Popen(
        ["unshare", "--mount", "sh", "-ec", _NAMESPACE, "sh", *_MONTAUK],
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            if process.stdout is None or process.stdout.readline() != "ready\n":
                raise SystemExit(1)
            yield process.pid
        finally:
            process.kill()


def as_nobody(namespace: int, command: Sequence[str]) -> list[str]:
    """Return the command that runs another there, as user nobody in the group."""
    return [
        "nsenter", f"--target={namespace}", "--mount", "--",
        "setpriv", f"--reuid={_NOBODY}", f"--regid={_GROUP}", "--clear-groups",
        "--inh-caps=-all", "--no-new-privs", *command,
    ]  # fmt: skip


class Start(NamedTuple):
    """How long a start took to its first rows."""

    wall_ms: float
    cpu_ms: float


def start(namespace: int, environment: dict[str, str]) -> Start:
    """Start montauk, and end it when it has drawn rows."""
    command = as_nobody(namespace, _MONTAUK)
    started = time.monotonic()
    terminal = Terminal(command, 120, 40, {**environment, "HOME": "/nonexistent"})
    first = FirstRows(terminal)
    try:
        while first.at_s is None and time.monotonic() < started + _LIMIT_S:
            if terminal.wait(0.05) and (data := terminal.drain()):
                cpu_ms = _cpu_ms(terminal.pid)
                first.look([(time.monotonic(), data)])
    finally:
        terminal.end(signal.SIGTERM)
    if first.at_s is None:
        raise TimeoutError
    return Start((first.at_s - started) * 1000, cpu_ms)


def _cpu_ms(pid: int) -> float:
    """Return the CPU time of all threads of a process (proc_pid_schedstat)."""
    stats = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(stat.read_text("ascii").split()[0]) for stat in stats) / 1e6


def compare(namespace: int) -> None:
    """Print the times of all ways to start."""
    taken: dict[str, list[Start]] = {name: [] for name in _WAYS}
    for number in range(_PAIRS):
        names = list(_WAYS)
        # Who comes first alternates.
        for name in names if number % 2 else reversed(names):
            taken[name].append(start(namespace, _WAYS[name]))
    base, *others = taken
    print(f"to the first rows as user nobody, {present()} processes")
    for unit in Start._fields:
        print(f"{unit}, median of {_PAIRS} starts in turn")
        times = {name: [getattr(it, unit) for it in taken[name]] for name in taken}
        for name, values in times.items():
            print(
                f"  {name:20} {statistics.median(values):6.1f} (from {min(values):.1f})"
            )
        for name in others:
            pairs = zip(times[name], times[base], strict=True)
            more, error = median_and_error([one - two for one, two in pairs])
            print(
                f"  {name} less {base}: {more:+.1f} +- {error:.1f} ms (standard error)"
            )


def main() -> None:
    """Print all of it, or why it cannot be measured."""
    state = requirements.check()
    if not state.available:
        print(f"kernel collector: {state.reason}; {state.remedy}")
        return
    # As an installer does; nobody cannot.
    compileall.compile_dir(Path(montauk_tui.__file__).parent, quiet=1)
    with loaded() as namespace:
        compare(namespace)
        with crowd(_CROWD):
            print()
            compare(namespace)


if __name__ == "__main__":
    main()
