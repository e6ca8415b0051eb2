"""A tool that prints a sample each second, recorded while a workload runs."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

_POLL_S: Final = 0.02
_HZ: Final = os.sysconf("SC_CLK_TCK")
_NOT_BUSY: Final = (3, 4, 7)
_KINDS: Final = 8


class ToolFailed(Exception):
    """A tool exited, or printed nothing in time: the reason."""


class Recording:
    """The output of a tool, with the time of each sample."""

    def __init__(
        self, process: subprocess.Popen[bytes], out: Path, mark: bytes
    ) -> None:
        """Record `out`; every sample has `mark` in it once."""
        self.process = process
        self.text = ""
        """All output, once it exited."""
        self.stamps: list[tuple[float, float]] = []
        """For each sample the monotonic clock, and how long the CPUs were busy."""
        self._out = out
        self._mark = mark
        self._counted = 0

    def wait_for(self, samples: int, seconds: float) -> None:
        """Wait until there are so many samples.

        Raises:
            ToolFailed: It exited, or timed out.
        """
        end = time.monotonic() + seconds
        while len(self.stamps) < samples:
            if self.process.poll() is not None:
                raise ToolFailed(f"exited with {self.process.returncode}")
            if time.monotonic() > end:
                raise ToolFailed(f"no sample {samples} within {seconds:.0f} s")
            time.sleep(_POLL_S)
            self.look()

    def look(self) -> None:
        """Stamp the samples that came since the last look."""
        with self._out.open("rb") as file:
            file.seek(self._counted)
            added = file.read()
        whole = added.rfind(b"\n") + 1
        self._counted += whole
        for _ in range(added[:whole].count(self._mark)):
            self.stamps.append((time.monotonic(), busy_s(_proc_stat())))


@contextmanager
def recorded(
    command: list[str], environment: dict[str, str], mark: bytes
) -> Iterator[Recording]:
    """Start a tool, and end it afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        out, errors = Path(folder, "out"), Path(folder, "errors")
        with out.open("wb") as out_file, errors.open("wb") as errors_file:
            process = _start(
                command, {**environment, "HOME": folder}, out_file, errors_file
            )
        recording = Recording(process, out, mark)
        try:
            yield recording
        except ToolFailed as failure:
            said = errors.read_text("utf-8", "replace").strip().splitlines()
            raise ToolFailed(said[-1] if said else str(failure)) from None
        finally:
            end(process)
        recording.text = out.read_text("utf-8", "replace")


def _start(
    command: list[str], environment: dict[str, str], out: IO[bytes], errors: IO[bytes]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=errors,
        env={**os.environ, **environment},
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its group."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5.0)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _proc_stat() -> str:
    return Path("/proc/stat").read_text("ascii")


def busy_s(stat: str) -> float:
    """Return how long all CPUs were busy since boot: not idle, waiting or stolen."""
    kinds = [int(word) for word in stat.splitlines()[0].split()[1 : 1 + _KINDS]]
    for kind in _NOT_BUSY:
        kinds[kind] = 0
    return sum(kinds) / _HZ
