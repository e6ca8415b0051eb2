"""The first process of a host in namespaces: records it, and runs its load.

Run as `python -m tests.engines.guest NAME IDS FOLDER PROCS SECONDS PROGRAM`: IDS is a
folder with the machine id and the boot id of the host, PROCS the file that takes
processes into the cgroup of the load, PROGRAM what the load runs.
"""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from montauk_tui.recorder.folder import SUFFIX
from tests.support.patience import until

_FILES: Final = {
    "machine_id": "/etc/machine-id", "boot_id": "/proc/sys/kernel/random/boot_id",
}  # fmt: skip
_LAST_SAMPLES: Final = 3
"""An exit is in the sample after the next one."""


def main(
    name: str, ids: str, folder: str, procs: str, seconds: str, program: str
) -> None:
    """Be the host for so many seconds."""
    socket.sethostname(name)
    for which, where in _FILES.items():
        source = str(Path(ids) / which)
        subprocess.run(["mount", "--bind", source, where], check=True)
    with _recorder(Path(folder)):
        join = 'echo $$ >"$0"; exec "$@"'
        load = [sys.executable, "-c", program, seconds]
        subprocess.run(["sh", "-c", join, procs, *load], check=True)
        for _ in range(_LAST_SAMPLES):
            before = _size(Path(folder))
            until(lambda before=before: _size(Path(folder)) > before, "a sample")  # type: ignore[misc]


@contextlib.contextmanager
def _recorder(folder: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "montauk_tui", "record", "--dir", str(folder)]
    quiet = {**os.environ, "MONTAUK_COLLECTOR": "kernel"}
    with subprocess.Popen(command, env=quiet, stderr=subprocess.DEVNULL) as recorder:
        try:
            until(lambda: _size(folder), "the first sample", calm_s=60.0)
            yield
        finally:
            recorder.terminate()


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob(f"*{SUFFIX}"))


if __name__ == "__main__":
    main(*sys.argv[1:])
