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
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.kernels.packages import Kernel
from tests.kernels.report import text_of
from tests.kernels.tools import ROOT, CannotSetUpError, cache
from tests.support.patience import Patience

PREPARE = Path(__file__).parent / "guest" / "prepare.sh"

# The whole file system, read-only, a second time: it may be cached, as nothing that
# is written meanwhile matters. Without a cache Python takes three times as long.
SHARED = (
    "-virtfs local,path=/,mount_tag=host,readonly=on"
    ",security_model=none,multidevs=remap"
)


_LOOK_S = 0.1


@dataclass(frozen=True)
class Outcome:
    """How a command in the guest ended: -1 if it never came to its end."""

    code: int
    started: bool
    seconds: float
    timed_out: bool


class Limits:
    """How long the machine may take to boot, and then for each result.

    However many checks there are, one that hangs is ended, and a machine that makes
    progress is not. Time in which this machine was busy counts up to a limit only.
    """

    def __init__(self, boot_s: float, result_s: float, most_s: float) -> None:
        """Begin when the machine starts."""
        self.boot_s, self._result_s, self._most_s = boot_s, result_s, most_s
        self._seen, self._patience = 0, Patience(boot_s, most_s)

    def are_over(self, results: Path) -> bool:
        """Tell whether nothing has come for too long."""
        seen = sum(1 for _ in results.glob("*.code")) + (results / "started").exists()
        if seen != self._seen:
            self._seen, self._patience = seen, Patience(self._result_s, self._most_s)
        return self._patience.is_over()


def run(
    vng: Path, kernel: Kernel, command: list[str], results: Path, limits: Limits
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
    booting = machine(vng, kernel, results)
    with (results / "console").open("wb") as console:
        status = supervised(
            booting, environment(vng), console.fileno(),
            lambda: limits.are_over(results),
        )  # fmt: skip
    outcome = Outcome(
        code=int(text_of(results / "code") or -1),
        started=(results / "started").exists(),
        seconds=time.monotonic() - began,
        timed_out=status == -9,
    )
    if not outcome.started:
        last = text_of(results / "console").splitlines()[-1:]
        why = f"not within {limits.boot_s:g} s" if outcome.timed_out else "".join(last)
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


def machine(vng: Path, kernel: Kernel, results: Path) -> list[str]:
    """Return the command that starts the machine."""
    return [
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


def supervised(
    command: list[str],
    env: dict[str, str],
    output: int,
    is_over: Callable[[], bool] = lambda: False,
) -> int:
    """Run a command in a session of its own; nothing of it outlives this function.

    Return its status; -9 if it was ended because `is_over` said so.
    """
    process = subprocess.Popen(
        command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL,
        stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        # Not reaped yet: until the group is killed its number is nobody else's.
        flags = os.WEXITED | os.WNOWAIT | os.WNOHANG
        while os.waitid(os.P_PID, process.pid, flags) is None and not is_over():
            time.sleep(_LOOK_S)
    finally:
        os.killpg(process.pid, 9)
        status = process.wait()
    return status
