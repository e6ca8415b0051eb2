"""Cgroups of a test's own: one of version 2, and one with a limit of memory."""

import contextlib
import os
import secrets
import signal
import time
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")


def own_group(*, of_memory: bool = False) -> contextlib.AbstractContextManager[Path]:
    """Make one, which is removed with what runs there.

    Args:
        of_memory: One that can limit memory, of version 1 if that has the controller.

    Raises:
        OSError: None can be made here.
    """
    if of_memory and (_ROOT / "memory" / "memory.limit_in_bytes").exists():
        return _group(_ROOT / "memory")
    tops = [
        top for top in (_ROOT, _ROOT / "unified") if (top / "cgroup.procs").exists()
    ]
    if not tops or not (tops[0] / "cgroup.controllers").exists():
        raise OSError("no cgroups of version 2 here")
    if of_memory:
        (tops[0] / "cgroup.subtree_control").write_text("+memory")
    return _group(tops[0])


@contextlib.contextmanager
def _group(parent: Path) -> Iterator[Path]:
    folder = parent / f"montauk-test-{os.getpid()}-{secrets.token_hex(4)}"
    folder.mkdir()
    try:
        yield folder
    finally:
        for _ in range(200):
            for pid in (folder / "cgroup.procs").read_text().split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            with contextlib.suppress(OSError):
                folder.rmdir()
                break
            time.sleep(0.02)


def limit_memory(folder: Path, size: int) -> None:
    """Limit the memory of a cgroup, and swap with it."""
    if (folder / "memory.max").exists():
        (folder / "memory.max").write_text(str(size))
        with contextlib.suppress(OSError):
            (folder / "memory.swap.max").write_text("0")
        return
    (folder / "memory.limit_in_bytes").write_text(str(size))
    with contextlib.suppress(OSError):
        (folder / "memory.memsw.limit_in_bytes").write_text(str(size))
