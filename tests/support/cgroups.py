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
def _group(parent: Path, name: str = "") -> Iterator[Path]:
    usual = f"montauk-test-{os.getpid()}-{secrets.token_hex(4)}"
    folder = parent / (name or usual)
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


class OwnCgroup:
    """A cgroup of one name in every mounted tree that can have one."""

    def __init__(self, path: str, folders: dict[str, Path]) -> None:
        """Take the path, and the folders by controller (version 2: an empty name)."""
        self.path, self._folders = path, folders

    def file(self, *names: str) -> Path:
        """Return the first of some files, `controller/name` in version 1, that exists.

        Raises:
            FileNotFoundError: There is none: this machine lacks the controller.
        """
        for name in names:
            controller, slash, file = name.rpartition("/")
            folder = self._folders.get(controller if slash else "")
            if folder is not None and (folder / file).exists():
                return folder / file
        raise FileNotFoundError(names)

    def take(self, pid: int) -> None:
        """Move a process into it, in every tree."""
        for folder in self._folders.values():
            (folder / "cgroup.procs").write_text(str(pid))


_OF_V1 = ("cpu", "cpuacct", "memory", "pids", "blkio", "systemd")


@contextlib.contextmanager
def cgroup_everywhere() -> Iterator[OwnCgroup]:
    """Make one, which is removed with what runs there.

    Raises:
        OSError: None can be made here.
    """
    tops = {name: _ROOT / name for name in _OF_V1}
    tops = {name: top for name, top in tops.items() if (top / "cgroup.procs").exists()}
    for top in (_ROOT, _ROOT / "unified"):
        if (top / "cgroup.controllers").exists():
            tops[""] = top
            for controller in (top / "cgroup.controllers").read_text().split():
                with contextlib.suppress(OSError):
                    (top / "cgroup.subtree_control").write_text(f"+{controller}")
    if not tops:
        raise OSError("no cgroups here")
    name = f"montauk-test-{os.getpid()}-{secrets.token_hex(4)}"
    with contextlib.ExitStack() as stack:
        folders = {
            at: stack.enter_context(_group(top, name)) for at, top in tops.items()
        }
        yield OwnCgroup(f"/{name}", folders)
