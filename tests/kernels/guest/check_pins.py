"""Probes are loaded, and user nobody has the kernel collector: by maps or iterators."""

import errno
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
LINES: Final = 4

EXITS: Final = """
import os, time
from montauk_tui.engine.causes import sentence
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
    victim = os.posix_spawn("/bin/sleep", ["sleep", "1000"], {})
    killer = ["sh", "-c", f"kill -KILL {victim}"]
    os.waitpid(os.posix_spawn("/bin/sh", killer, {}), 0)
    os.waitpid(victim, 0)
    death = None
    for _ in range(100):
        deaths = collector.sample(Need.NONE).exits.deaths
        death = next((it for of, it in deaths.items() if of[0] == victim), None)
        if death:
            break
    print(sentence(death, str) if death else "the cause is unknown")
    tries = ["sh", "-c", "exec /no/such/program"]
    os.waitpid(os.posix_spawn("/bin/sh", tries, {}), 0)
    for _ in range(100):
        starts = collector.sample(Need.NONE).starts
        errors = starts.errno[starts.exe == b"/no/such/program"].tolist()
        if errors:
            break
    print("failed execs", errors)
"""
COST: Final = """
import time
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.model.schema import Need
with KernelCollector() as collector:
    collector.sample(Need.NONE)
    began, samples = time.process_time(), 10
    for _ in range(samples):
        sample = collector.sample(Need.NONE)
    used = (time.process_time() - began) / samples * 1e3
    print(f"{used:.1f} ms a sample, {sample.counters.lost} lost")
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
    seen = run(sys.executable, "-c", EXITS + COST, as_nobody=True)
    root = run(sys.executable, "-c", COST)
    removed = run(*MONTAUK, "probes", "unload")
    version = tuple(map(int, re.findall(r"\d+", platform.release())[:2]))
    says_how = ("bpf(2) gives them no map" in status.stdout) == (version < GIVES_MAPS)
    is_right = says_how and not status.returncode and not removed.returncode
    told, by_root = seen.stdout.splitlines(), root.stdout.strip()
    is_right &= is_whole(told) and by_root.endswith(", 0 lost")
    readers = re.search(r"^readers +(.*)$", status.stdout, re.MULTILINE)
    stated = readers[1] if readers else "status says nothing of readers"
    return is_right, "; ".join([*told, f"root {by_root}", stated])


def is_whole(lines: list[str]) -> bool:
    """Tell whether all exits were seen, and who killed whom."""
    if len(lines) != LINES:
        return False
    exits, death, failed, cost = lines
    return (
        exits.startswith("20 eBPF, loaded ")
        and re.fullmatch(r"SIGKILL by sh \d+ .*", death) is not None
        and failed == f"failed execs [{errno.ENOENT}]"
        and cost.endswith(", 0 lost")
    )


passed, detail = check()
print(f"{'pass' if passed else 'FAIL'} {NAME} {detail}")
