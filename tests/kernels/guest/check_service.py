"""systemd loads the probes as it starts, and unloads them as it stops the service.

A systemd of its own in namespaces, with the service and empty targets in place of the
units of the machine.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

NAME: Final = "service"
GROUP: Final = 4242
WAIT_S: Final = 240.0
MONTAUK: Final = Path(sys.executable).with_name("montauk")
SYSTEMD: Final = "/lib/systemd/systemd"
UNIT: Final = "montauk-probes.service"
SOURCE: Final = Path(__file__).parents[3] / "scripts" / UNIT
UNITS: Final = Path("/run/montauk-units")
TARGETS: Final = ("sysinit", "basic", "shutdown", "multi-user")

START: Final = f"""
mount --make-rprivate /
mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs none /var/tmp
mount --bind {UNITS}/group /etc/group
exec env -i container=montauk-test SYSTEMD_UNIT_PATH={UNITS} PATH="$PATH" \
    PYTHONPATH="$PYTHONPATH" {SYSTEMD} --system --unit=multi-user.target \
    --log-target=console --show-status=no
"""


def write_units() -> None:
    wanted = UNITS / "multi-user.target.wants"
    wanted.mkdir(parents=True)
    for name in TARGETS:
        text = f"[Unit]\nDescription={name}\nDefaultDependencies=no\n"
        (UNITS / f"{name}.target").write_text(text)
    text = SOURCE.read_text().replace("@MONTAUK@", str(MONTAUK))
    # The checkout, in place of an installed montauk.
    text = text.replace("[Service]\n", "[Service]\nPassEnvironment=PYTHONPATH\n")
    if sys.base_prefix.startswith(("/home/", "/root/")):
        text = text.replace("ProtectHome=yes", "ProtectHome=read-only")
    (UNITS / UNIT).write_text(text)
    (wanted / UNIT).symlink_to(UNITS / UNIT)
    group = Path("/etc/group").read_text()
    (UNITS / "group").write_text(f"{group}montauk:x:{GROUP}:\n")


def run(*command: str) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(command, done.stdout, done.stderr, file=sys.stderr)
    return done


def inside(init: int, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in the namespaces of the systemd."""
    namespaces = ("--mount", "--pid", "--cgroup")
    return run("nsenter", f"--target={init}", *namespaces, "--", *command)


def init_of(starter: "subprocess.Popen[bytes]") -> int:
    """Return the pid of the systemd, once it is there."""
    children = Path(f"/proc/{starter.pid}/task/{starter.pid}/children")
    end_s = time.monotonic() + WAIT_S
    while time.monotonic() < end_s:
        for pid in children.read_text().split():
            if Path(f"/proc/{pid}/comm").read_text() == "systemd\n":
                return int(pid)
        time.sleep(0.2)
    raise TimeoutError("systemd did not start")


def state_of(init: int) -> str:
    """Return the state of the service, once it is settled."""
    end_s = time.monotonic() + WAIT_S
    state = "unknown"
    while time.monotonic() < end_s:
        state = inside(init, "systemctl", "is-active", UNIT).stdout.strip()
        if state in ("active", "failed"):
            break
        time.sleep(1)
    return state


def check(init: int) -> tuple[bool, str]:
    state = state_of(init)
    if state != "active":
        inside(init, "systemctl", "status", "--full", UNIT)
        return False, f"the service is {state}"
    nobody = ("setpriv", "--reuid=65534", f"--regid={GROUP}", "--clear-groups")
    told = inside(init, *nobody, str(MONTAUK), "probes", "status")
    if told.returncode or not re.search(r"readers +group montauk\b", told.stdout):
        return False, f"a reader is told: {told.stdout}{told.stderr}"
    stopped = inside(init, "systemctl", "stop", UNIT)
    left = [name for name in os.listdir("/sys/fs/bpf") if "montauk" in name]  # noqa: PTH208
    if stopped.returncode or left:
        return False, f"stopped: {stopped.stderr.strip()}, left: {left}"
    return True, "loaded at the start, read by the group, unloaded by the stop"


def main() -> None:
    if not shutil.which(SYSTEMD):
        print(f"skip {NAME} {SYSTEMD} is not installed")
        return
    os.makedirs("/sys/fs/bpf", exist_ok=True)  # noqa: PTH103 - a script for the guest
    if not os.path.ismount("/sys/fs/bpf"):
        run("mount", "-t", "bpf", "-o", "mode=0700", "bpf", "/sys/fs/bpf")
    write_units()
    starter = subprocess.Popen(
        [
            "unshare", "--mount", "--pid", "--cgroup", "--uts", "--ipc", "--fork",
            "--kill-child", "--mount-proc", "sh", "-ec", START,
        ],
        stdout=sys.stderr, stderr=sys.stderr,
    )  # fmt: skip
    try:
        passed, detail = check(init_of(starter))
    except TimeoutError as error:
        passed, detail = False, str(error)
    finally:
        starter.kill()
        starter.wait()
    print(f"{'pass' if passed else 'FAIL'} {NAME} {detail}")


if __name__ == "__main__":
    main()
