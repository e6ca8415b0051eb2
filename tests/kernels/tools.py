"""What the virtual machines need of this one: Debian packages and virtme-ng."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]

# `file` tells virtme-ng the release of a kernel, busybox is its first program in the
# guest, depmod and modprobe come with kmod. BCC is for what is checked inside.
DEBIAN = ("qemu-system-x86", "kmod", "busybox-static", "file", "python3-bpfcc")
VIRTME_NG = "virtme-ng==1.42"


class CannotSetUpError(Exception):
    """What is needed is not there; the text is one line with the reason."""


def cache() -> Path:
    """Return the folder that keeps kernels, virtme-ng and logs."""
    named = os.environ.get("MONTAUK_KERNEL_CACHE")
    return Path(named).absolute() if named else ROOT / ".kernels"


def command(
    *arguments: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Return what a program prints; its failure is said in one line.

    Raises:
        CannotSetUpError: It is not there, fails, or does not end within five minutes.
    """
    name = Path(arguments[0]).name
    try:
        done = subprocess.run(
            arguments, cwd=cwd, env=env, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=True, timeout=300,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        raise CannotSetUpError(f"{name}: {reason(error.stderr)}") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotSetUpError(f"{name}: {error}") from None
    return done.stdout


def reason(errors: str) -> str:
    """Return the line that says most: the first error, or else the last line."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    first = [line for line in lines if line.startswith(("E:", "ERROR:"))]
    return " ".join((first or lines[-1:] or ["failed and said nothing"])[0].split())


def missing(packages: Sequence[str], listed: str) -> list[str]:
    """Return which packages are not among the lines `NAME STATUS` of dpkg-query."""
    installed = {
        name
        for name, _, status in (line.partition(" ") for line in listed.splitlines())
        if status == "installed"
    }
    return [package for package in packages if package not in installed]


def debian_packages() -> None:
    """Install the Debian packages that are missing; only root can."""
    if not shutil.which("apt-get"):
        raise CannotSetUpError("kernels are fetched with apt-get, which is not here")
    if command("dpkg", "--print-architecture").strip() != "amd64":
        raise CannotSetUpError("only kernels for amd64 are known, on such a machine")
    listed = command(
        "dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n"
    )
    wanted = missing(DEBIAN, listed)
    if not wanted:
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends", *wanted]
    if os.geteuid() != 0:
        raise CannotSetUpError(f"needed: sudo {' '.join(install)}")
    say(f"installing {' '.join(wanted)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command("apt-get", "update", "-qq", env=environment)
    command(*install, env=environment)


def virtme_ng() -> Path:
    """Return the virtme-ng of the cache, installed there when it is missing."""
    venv = cache() / "venv"
    program = venv / "bin" / "vng"
    if works(program):
        return program
    say(f"installing {VIRTME_NG}")
    shutil.rmtree(venv, ignore_errors=True)
    command(sys.executable, "-m", "venv", venv)
    command(venv / "bin" / "python", "-m", "pip", "install", "--quiet", VIRTME_NG)
    return program


def works(program: Path) -> bool:
    """Return whether this is the virtme-ng of the version wanted."""
    try:
        return command(program, "--version").split()[-1:] == [VIRTME_NG.split("==")[1]]
    except CannotSetUpError:
        return False


def say(what: str) -> None:
    print(f"kernels: {what}", file=sys.stderr, flush=True)
