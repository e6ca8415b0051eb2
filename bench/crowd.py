"""A crowd of sleeping processes to measure against."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def crowd(total: int) -> Iterator[int]:
    """Fill the machine up to `total` processes; yield how many there are."""
    present = sum(name.isdigit() for name in os.listdir("/proc"))  # noqa: PTH208
    pids: list[int] = []
    try:
        while present + len(pids) < total:
            pids.append(os.posix_spawn("/bin/sleep", ["sleep", "3600"], {}))
        time.sleep(0.5)
        yield present + len(pids)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for pid in pids:
            os.waitpid(pid, 0)
