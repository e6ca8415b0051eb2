"""Too few descriptors, threads or bytes: one line and the remedy, no traceback."""

import _thread
import ctypes
import errno
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from montauk_tui import cli, config, shortage
from montauk_tui.errors import MontaukError
from tests.cli.conftest import Command
from tests.support.terminal import Terminal

CHECKOUT: Final = Path(__file__).parents[2]
MONTAUK: Final = (sys.executable, "-m", "montauk_tui")


def unsaid() -> BaseException:
    wrapped = ImportError("numpy cannot be imported")
    wrapped.__cause__ = ImportError("libx.so: failed to map segment from shared object")
    return wrapped


FAILURES: Final = [
    (MemoryError(), "out of memory"),
    (OSError(errno.ENOMEM, "no"), "out of memory"),
    (unsaid(), "out of memory"),
    (OSError(errno.EMFILE, "no"), "too many open files"),
    (OSError(errno.ENFILE, "no"), "too many open files"),
    (RuntimeError("can't start new thread"), "cannot start a thread"),
]


@pytest.mark.parametrize(("failure", "what"), FAILURES)
@pytest.mark.parametrize(
    ("module", "where"), [(cli, "run"), (config, "load"), (cli, "parser")]
)
def test_a_shortage_is_one_line_with_the_remedy(
    here: Command,
    monkeypatch: pytest.MonkeyPatch,
    failure: BaseException,
    what: str,
    module: object,
    where: str,
) -> None:
    def failing(*_: object) -> None:
        raise failure

    monkeypatch.setattr(module, where, failing)
    result = here("--once")
    assert result.code == 1
    assert what in result.complaint
    assert ";" in result.complaint


@pytest.mark.parametrize(
    "failure", [RuntimeError("a bug"), OSError(errno.EIO, "no"), KeyError("a bug")]
)
def test_a_bug_is_not_taken_for_one(
    here: Command, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def failing(*_: object) -> None:
        raise failure

    assert shortage.of(failure) is None
    monkeypatch.setattr(config, "load", failing)
    with pytest.raises(type(failure)):
        here("--once")


@pytest.mark.parametrize(
    "failure",
    [
        SystemError("<built-in> returned NULL without exception set"),
        ValueError("field 'target' is required for AnnAssign"),
    ],
)
def test_what_python_leaves_unsaid_is_a_shortage_below_a_limit(
    failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shortage, "_is_limited", lambda: False)
    assert shortage.of(failure) is None
    monkeypatch.setattr(shortage, "_is_limited", lambda: True)
    assert "out of memory" in str(shortage.of(failure))


def limited(limit: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command below a limit of the shell's ulimit."""
    return subprocess.run(
        ["/bin/sh", "-c", f'ulimit {limit} && exec "$0" "$@"', *command],
        capture_output=True, text=True, check=False, cwd=CHECKOUT, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize("limit", ["-n 5", "-n 6", "-n 8", "-n 12", "-n 20"])
@pytest.mark.parametrize("collector", [(), ("--collector", "netlink")])
def test_few_descriptors(limit: str, collector: tuple[str, ...]) -> None:
    done = limited(limit, *MONTAUK, "--json", "-n1", "-d0.1", *collector)
    assert done.returncode in (0, 1), done.stderr
    assert (done.returncode == 0) == (done.stderr == "")
    assert len(done.stderr.splitlines()) <= 1


@pytest.mark.parametrize("kib", [60_000, 80_000, 99_000, 101_000, 122_000])
def test_little_memory(kib: int) -> None:
    """Unchecked, OpenBLAS ends the process or hangs where numpy just fits."""
    done = limited(f"-v {kib}", *MONTAUK, "--json", "-n1", "-d0.1")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("montauk: out of memory; ")


@pytest.mark.parametrize("kib", [130_000, 300_000])
def test_the_monitor_works_or_says_what_it_lacks(kib: int) -> None:
    script = f'ulimit -v {kib} && exec "$0" "$@"'
    command = ["/bin/sh", "-c", script, *MONTAUK, "--collector", "traditional"]
    with Terminal(command) as terminal:
        terminal.until(
            lambda: terminal.process.poll() is not None or "every 1 s" in terminal.text
        )
        if terminal.process.poll() is None:
            terminal.type("q")
        code = terminal.exit_code()
        assert "Traceback" not in terminal.text
        assert terminal.is_restored
        assert not terminal.modes.get(1049)
        assert code == 0 or "montauk: " in terminal.text


def test_the_threads_of_the_monitor_can_be_started() -> None:
    shortage.try_threads()


def test_a_thread_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = _thread.start_new_thread, [3]

    def start(function: Callable[[], object], arguments: tuple[()]) -> int:
        if not left[0]:
            raise RuntimeError("can't start new thread")
        left[0] -= 1
        return real(function, arguments)

    monkeypatch.setattr(_thread, "start_new_thread", start)
    with pytest.raises(MontaukError, match="cannot start a thread"):
        shortage.try_threads()
    assert left == [0]


LARGE_BLOCKS: Final = """
import ctypes
from montauk_tui import shortage
class Counts(ctypes.Structure):  # struct mallinfo of mallinfo(3)
    _fields_ = [(name, ctypes.c_int) for name in (
        "arena", "ordblks", "smblks", "mapped", "mapped_bytes", "usmblks", "fsmblks",
        "uordblks", "fordblks", "keepcost")]
libc = ctypes.CDLL(None)
libc.mallinfo.restype = Counts
shortage.try_threads()
before = libc.mallinfo().mapped
del bytearray(8 << 20)[:]  # the C library would raise its limit to this
blocks = [bytearray(600_000) for _ in range(100)]
during = libc.mallinfo().mapped
del blocks
print(during - before, libc.mallinfo().mapped - before)
"""


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallinfo"), reason="another C library"
)
def test_large_blocks_go_back_to_the_kernel() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LARGE_BLOCKS], capture_output=True, text=True, check=True
    )
    mapped, left = map(int, done.stdout.split())
    # Some fit into free parts of the heap.
    assert mapped > 50
    assert left == 0
