"""A virtual machine on this machine's own root file system, for one command.

Software emulation: about 20 times slower than native, but it runs wherever there is
QEMU, as any user, and inside the command is root.
"""

import os
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.kernels.packages import Kernel
from tests.kernels.report import text_of
from tests.kernels.tools import ROOT, CannotSetUpError, cache

PREPARE = Path(__file__).parent / "guest" / "prepare.sh"

# The whole file system, read-only, a second time: it may be cached, as nothing that
# is written meanwhile matters. Without a cache Python takes three times as long.
SHARED = (
    "-virtfs local,path=/,mount_tag=host,readonly=on"
    ",security_model=none,multidevs=remap"
)


@dataclass(frozen=True)
class Outcome:
    """How a command in the guest ended: -1 if it never came to its end."""

    code: int
    started: bool
    seconds: float
    timed_out: bool


def run(
    vng: Path, kernel: Kernel, command: list[str], results: Path, limit_s: int
) -> Outcome:
    """Boot a kernel and run a command in it, in the folder of the checkout.

    The command finds a folder in the environment as RESULTS: what it writes there is
    in `results` afterwards, next to what it printed (`output`), what the kernel said
    (`console`), and more of ours.

    Raises:
        CannotSetUpError: The virtual machine never came to run a command.
    """
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir(parents=True)
    (results / "command").write_text(guest_script(command, results), "utf-8")
    began = time.monotonic()
    booting = machine(vng, kernel, results, limit_s)
    with (results / "console").open("wb") as console:
        status = supervised(booting, environment(vng), console.fileno())
    outcome = Outcome(
        code=int(text_of(results / "code") or -1),
        started=(results / "started").exists(),
        seconds=time.monotonic() - began,
        timed_out=status in (124, 137, -9),
    )
    if not outcome.started:
        last = text_of(results / "console").splitlines()[-1:]
        why = f"not within {limit_s} s" if outcome.timed_out else "".join(last)
        raise CannotSetUpError(f"{kernel.release} did not boot: {why}")
    return outcome


def guest_script(command: list[str], results: Path) -> str:
    """Return what the guest runs; the folders are those to be seen through a cache."""
    folders = [ROOT, Path(sys.prefix), Path(sys.base_prefix)]
    variables = {
        "RESULTS": str(results),
        "CHECKOUT": str(ROOT),
        "PYTHON": sys.executable,
        "FOLDERS": "\n".join(map(str, dict.fromkeys(folders))),
    }
    lines = [f"export {key}={shlex.quote(text)}" for key, text in variables.items()]
    return "\n".join([*lines, f"exec sh {shlex.join([str(PREPARE), *command])}", ""])


def machine(vng: Path, kernel: Kernel, results: Path, limit_s: int) -> list[str]:
    """Return the command that starts the machine, and ends it when its time is up."""
    return [
        "timeout", "--kill-after=5", str(limit_s),
        str(vng), "--run", str(kernel.image), "--user", "root",
        "--cpus", "2", "--memory", "2G", "--disable-kvm", "--disable-microvm",
        "--force-9p", "--rwdir", str(results), f"--qemu-opts={SHARED}",
        # Without it nothing of the script runs when there is no terminal.
        "--verbose",
        "--", shlex.join(["sh", str(results / "command")]),
    ]  # fmt: skip


def environment(vng: Path) -> dict[str, str]:
    """Return an environment in which virtme-ng finds its parts, and no settings."""
    path = f"{vng.parent}:{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    return {**os.environ, "PATH": path, "HOME": str(cache())}


def supervised(command: list[str], env: dict[str, str], output: int) -> int:
    """Run a command in a session of its own; nothing of it outlives this function."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL,
        stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        # Not reaped yet: until the group is killed its number is nobody else's.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    finally:
        os.killpg(process.pid, 9)
        status = process.wait()
    return status
