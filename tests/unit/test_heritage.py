"""A test run that was started with signals ignored or blocked."""

import signal
import subprocess
import sys

IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1)

CHILD = f"""
import signal
print(*[signal.getsignal(n) == signal.SIG_IGN for n in {[int(n) for n in IGNORED]}])
print(len(signal.pthread_sigmask(signal.SIG_BLOCK, ())), "blocked")
"""

RUN = f"""
import signal, subprocess, sys
from tests.support import heritage
heritage.drop()
subprocess.run([sys.executable, "-c", {CHILD!r}], check=True)
signal.raise_signal(signal.SIGHUP)
print("alive", flush=True)
"""


def _ignoring() -> None:
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})


def test_children_have_the_signals_of_a_fresh_session() -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        capture_output=True, text=True, check=True, preexec_fn=_ignoring,
    )  # fmt: skip
    expected = ["False False False False False", "0 blocked", "alive"]
    assert done.stdout.splitlines() == expected
