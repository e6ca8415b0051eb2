"""A machine for pins: a mount namespace with a BPF file system of its own.

What is pinned there is gone with the namespace; the machine's own /sys/fs/bpf is never
touched.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

import pytest

from tests.support.bpfobjects import Objects, objects_in

PLACE: Final = "/sys/fs/bpf"
GROUP: Final = 4242
"""A group of no user of the machine."""
PROGRAM: Final = (sys.executable, "-P", "-m", "montauk_tui")
NOBODY: Final = 65534

Done = subprocess.CompletedProcess[str]


class Machine:
    """Runs programs in the namespace of a process that waits."""

    def __init__(self, pid: int) -> None:
        """Use the mount namespace of this process."""
        self.pid = pid

    def command(
        self, *command: str, gid: int | None = None, container: bool = False
    ) -> list[str]:
        """Return the command that runs `command` there.

        Args:
            command: A program and its arguments.
            gid: As user nobody in this group alone, without privilege; else as root.
            container: In a pid namespace of its own.
        """
        full = ["nsenter", f"--target={self.pid}", "--mount", "--"]
        if container:
            full += ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
        if gid is not None:
            full += [
                "setpriv", f"--reuid={NOBODY}", f"--regid={gid}", "--clear-groups",
                "--inh-caps=-all", "--no-new-privs",
            ]  # fmt: skip
        return [*full, *command]

    def run(
        self, *command: str, gid: int | None = None, container: bool = False
    ) -> Done:
        """Run a program there to its end."""
        return subprocess.run(
            self.command(*command, gid=gid, container=container),
            env=environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip

    def shell(self, script: str) -> None:
        """Run a script there, as root, which must succeed."""
        done = self.run("sh", "-ec", script)
        assert done.returncode == 0, done.stderr

    def montauk(
        self, *arguments: str, gid: int | None = None, container: bool = False
    ) -> Done:
        """Run montauk there."""
        return self.run(*PROGRAM, *arguments, gid=gid, container=container)

    def python(
        self,
        code: str,
        *arguments: str,
        gid: int | None = None,
        container: bool = False,
    ) -> Done:
        """Run Python code there."""
        command = (sys.executable, "-P", "-c", code, *arguments)
        return self.run(*command, gid=gid, container=container)


def environment() -> dict[str, str]:
    """Return the environment of a user without settings."""
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}


def complaints(done: Done) -> list[str]:
    """Return what a program said on stderr, except that loading takes its time."""
    return [line for line in done.stderr.splitlines() if ": loading for " not in line]


@contextlib.contextmanager
def machine(options: str | None = "mode=0755") -> Iterator[Machine]:
    """Make the namespace; without options no file system is mounted there."""
    mount = f"mount -t bpf -o {options} bpf {PLACE};" if options else ""
    script = f"{mount} echo ready; exec sleep infinity"
    with subprocess.Popen(
        ["unshare", "--mount", "sh", "-ec", script],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                _, why = process.communicate()
                pytest.skip(f"no BPF file system in a namespace here: {why.strip()}")
            yield Machine(process.pid)
        finally:
            process.kill()


def check_nobody() -> None:
    """Skip where user nobody cannot run this checkout."""
    with machine(None) as one:
        done = one.python("import montauk_tui", gid=GROUP)
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1]
        pytest.skip(f"user nobody cannot run this checkout: {why}")


_PINNED: Final = """
import os, pathlib
from montauk_tui.collectors.kernel import bpf
for path in pathlib.Path("/sys/fs/bpf").glob("montauk-*/**/*"):
    if path.is_file():
        fd = bpf.pinned(str(path))
        print(pathlib.Path(f"/proc/self/fdinfo/{fd}").read_text())
        os.close(fd)
"""


def pinned_objects(one: Machine) -> set[Objects]:
    """Return the BPF objects that are pinned there, and the programs of the links."""
    done = one.python(_PINNED)
    assert done.returncode == 0, done.stderr
    return objects_in(done.stdout)
