"""A scene of processes, in separate namespaces."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from bench.pictures.scenes import SHOP, Scene

_ACTOR: Final = Path(__file__).with_name("actor.c")

_USERS: Final = """\
root:x:0:0::/root:/bin/bash
postgres:x:26:26::/var/lib/postgresql:/bin/bash
www-data:x:33:33::/var/www:/usr/sbin/nologin
anna:x:1000:1000::/home/anna:/bin/bash
nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin
"""

_GROUPS: Final = "".join(
    f"{name}:x:{gid}:\n"
    for name, _, _, gid, *_ in (user.split(":") for user in _USERS.splitlines())
)

_HOSTNAME: Final = "build-07"

_NO_CGROUP: Final = Path("/srv/cgroup")
_MOMENT_S: Final = 0.05


def _limited_cgroup(limit_mib: int) -> Path:
    """Make a cgroup with so much memory, or return a name for no cgroup."""
    if not limit_mib:
        return _NO_CGROUP
    root = Path("/sys/fs/cgroup")
    limit = "memory.max"
    if (root / "memory").exists():
        root, limit = root / "memory", "memory.limit_in_bytes"
    folder = root / f"stage-{os.getpid()}"
    folder.mkdir()
    (folder / limit).write_text(f"{limit_mib}M")
    return folder


class Stage:
    """Runs the processes of the scene, isolated from all others."""

    def __init__(self, scene: Scene = SHOP) -> None:
        """Build the programs and start them in new namespaces, as root."""
        self._folder = Path(tempfile.mkdtemp(prefix="stage-"))
        self._folder.chmod(0o755)
        programs = self._folder / "bin"
        programs.mkdir()
        actor = programs / "init"
        subprocess.run(["cc", "-O1", "-pthread", "-o", actor, _ACTOR], check=True)
        (self._folder / "cast").write_text(scene.cast)
        (self._folder / "passwd").write_text(_USERS)
        (self._folder / "group").write_text(_GROUPS)
        for name, text in scene.scripts.items():
            (programs / name).write_text(f"#!/bin/sh\n{text}")
            (programs / name).chmod(0o755)
        for name in scene.programs():
            (programs / name).hardlink_to(actor)
        for name, orders in scene.orders.items():
            (self._folder / name).write_text(orders)
        (self._folder / "montauk.toml").write_text("paths = false\n")
        self._limited = _limited_cgroup(scene.limit_mib)
        script = (
            f"mount --bind {self._folder} /srv && mount --bind /srv/passwd /etc/passwd"
            " && mount --bind /srv/group /etc/group"
            f" && hostname {_HOSTNAME}"
            " && cd / && exec env -i HOME=/root LANG=C.UTF-8 PATH=/srv/bin:/usr/bin"
            f" LIMITED={self._limited}"
            " /srv/bin/init > /dev/null 2>&1"
        )
        self._unshare = subprocess.Popen(
            [
                "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--uts",
                "--cgroup", "--mount", "sh", "-c", script,
            ],
            start_new_session=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Kill the processes and remove the namespaces."""
        self._unshare.send_signal(signal.SIGKILL)
        self._unshare.wait()
        shutil.rmtree(self._folder)
        while self._limited != _NO_CGROUP and self._limited.exists():
            # Its processes exit a moment later.
            with contextlib.suppress(OSError):
                self._limited.rmdir()
            time.sleep(_MOMENT_S)

    def command(self, arguments: list[str]) -> list[str]:
        """Return the command line that runs a command in the namespaces."""
        init = self._init()
        return [
            "nsenter", f"--target={init}", "--pid", "--uts", "--cgroup", "--mount",
            f"--wdns={Path.cwd()}", *arguments,
        ]  # fmt: skip

    def _init(self) -> int:
        """Return the outer PID of the namespace's process 1."""
        children = Path(f"/proc/{self._unshare.pid}/task/{self._unshare.pid}/children")
        return int(children.read_text().split()[0])
