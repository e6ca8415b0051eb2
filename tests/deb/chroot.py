"""A fresh Debian in a folder, and commands in it with mounts of their own."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.kernels.packages import registry
from tests.kernels.tools import CannotSetUpError, command

# A new mount namespace for each command, so nothing is ever mounted on this machine,
# and a new PID namespace, so nothing is left running. A bpffs and a sysfs of its own:
# probes that are loaded here are not this machine's.
_ENTER: Final = """\
mount -t proc proc "$0/proc" &&
mount -t sysfs sysfs "$0/sys" &&
mount -t tracefs tracefs "$0/sys/kernel/tracing" &&
mount -t bpf bpf "$0/sys/fs/bpf" &&
mount -t tmpfs tmpfs "$0/dev/shm" &&
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$0/dev/pts" &&
exec chroot "$0" "$@"
"""
_NAMESPACES: Final = ("--mount", "--pid", "--fork", "--kill-child")
_NEEDED: Final = ("debootstrap", "unshare", "dpkg-deb", "tar")

ENVIRONMENT: Final = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "TERM": "xterm-256color",
    "DEBIAN_FRONTEND": "noninteractive",
}
"""All that a command in the chroot gets of an environment."""


class Chroot:
    """A Debian in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command as root in the chroot; stdout and stderr are one text."""
        enter = ["unshare", *_NAMESPACES, "sh", "-c", _ENTER, str(self.folder)]
        return subprocess.run(
            [*enter, *arguments], env=ENVIRONMENT, cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=600, check=False,
        )  # fmt: skip

    def need(self, *arguments: str) -> str:
        """Run a command that must succeed, and return what it prints."""
        done = self.run(*arguments)
        if done.returncode:
            last = done.stdout.strip().splitlines()[-3:]
            raise CannotSetUpError(f"{' '.join(arguments)}: {' / '.join(last)}")
        return done.stdout


def fresh(suite: str, cache: Path, folder: Path) -> Chroot:
    """Return a new minimal Debian; its archive is kept in `cache` for the next one.

    Raises:
        CannotSetUpError: A tool is missing, or this machine's package source fails.
    """
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if missing:
        raise CannotSetUpError(f"needed: {', '.join(missing)}")
    archive = cache / f"{suite}.tar"
    if not archive.is_file():
        say(f"bootstrapping {suite}, about two minutes, once")
        base = folder / "base"
        done = subprocess.run(
            ["debootstrap", "--variant=minbase", suite, str(base), registry()],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise CannotSetUpError(f"debootstrap: {done.stdout.splitlines()[-1:]}")
        cache.mkdir(parents=True, exist_ok=True)
        partial = archive.with_suffix(".partial")
        command("tar", "--numeric-owner", "-C", base, "-cf", partial, ".")
        partial.rename(archive)
    root = folder / suite
    root.mkdir()
    command("tar", "--numeric-owner", "-C", root, "-xpf", archive)
    like_here(root)
    return Chroot(root)


def like_here(root: Path) -> None:
    """Give a Debian this machine's way to its package source."""
    for name in ("resolv.conf", "hosts"):
        shutil.copyfile(f"/etc/{name}", root / "etc" / name)
    settings = command("apt-config", "dump", "--format", '%f "%v";%n', "Acquire")
    quiet = 'APT::Install-Recommends "false";\nAPT::Get::Assume-Yes "true";\n'
    (root / "etc/apt/apt.conf.d/99here").write_text(settings + quiet)


def say(what: str) -> None:
    print(f"deb: {what}", file=sys.stderr, flush=True)
