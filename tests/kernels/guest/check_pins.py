"""Probes are loaded, and user nobody has the kernel collector, or is told why not."""

import os
import platform
import re
import subprocess
import sys
from typing import Final

NAME: Final = "pins"
GROUP: Final = 4242
MONTAUK: Final = (sys.executable, "-m", "montauk_tui")
GIVES_MAPS: Final = (5, 19)

EXITS: Final = """
import os
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.model.schema import Need
with KernelCollector() as collector:
    collector.sample(Need.NONE)
    children = {}
    for code in range(20):
        pid = os.posix_spawn("/bin/sh", ["sh", "-c", f"exit {code}"], {})
        os.waitpid(pid, 0)
        children[pid] = code
    seen = {}
    for _ in range(100):
        e = collector.sample(Need.NONE).exits
        seen.update(zip(e.pid.tolist(), e.exit_code.tolist()))
        if children.items() <= seen.items():
            break
    print(sum(seen.get(p) == c for p, c in children.items()), collector.detail)
"""


def run(*command: str, as_nobody: bool = False) -> "subprocess.CompletedProcess[str]":
    nobody = (
        "setpriv", "--reuid=65534", f"--regid={GROUP}", "--clear-groups",
    ) if as_nobody else ()  # fmt: skip
    done = subprocess.run(
        [*nobody, *command], capture_output=True, text=True, check=False
    )
    print(command[-2:], done.stdout, done.stderr, file=sys.stderr)
    return done


def check() -> tuple[bool, str]:
    os.makedirs("/sys/fs/bpf", exist_ok=True)  # noqa: PTH103 - a script for the guest
    if not os.path.ismount("/sys/fs/bpf"):
        run("mount", "-t", "bpf", "-o", "mode=0700", "bpf", "/sys/fs/bpf")
    done = run(*MONTAUK, "probes", "load", "--group", str(GROUP))
    if done.returncode:
        return False, done.stderr.strip()
    status = run(*MONTAUK, "probes", "status", as_nobody=True)
    seen = run(sys.executable, "-c", EXITS, as_nobody=True)
    root = run(sys.executable, "-c", EXITS)
    removed = run(*MONTAUK, "probes", "unload")
    is_right = root.stdout.startswith("20 eBPF, loaded ") and not removed.returncode
    version = tuple(map(int, re.findall(r"\d+", platform.release())[:2]))
    if version < GIVES_MAPS:
        says_why = "gives the logs of loaded probes to root only" in status.stderr
        return is_right and says_why, status.stderr.strip()
    is_right &= status.returncode == 0 and seen.stdout.startswith("20 eBPF, loaded ")
    return is_right, seen.stdout.strip()


passed, detail = check()
print(f"{'pass' if passed else 'FAIL'} {NAME} {detail}")
