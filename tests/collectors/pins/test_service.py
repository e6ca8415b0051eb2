"""The service that loads the probes at boot, and what installs it."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.collectors.conftest import load_available
from tests.support.bpfmachine import GROUP, PROGRAM, Done, complaints, machine

ROOT: Final = Path(__file__).parents[3]
UNITS: Final = {
    name: ROOT / "scripts" / f"montauk-{name}.service"
    for name in ("probes", "recorder")
}

services = pytest.mark.parametrize("name", UNITS)


def install(name: str, tmp_path: Path, **given: str) -> Done:
    """Run `make install-NAME` into a folder, with a program that is there."""
    if os.geteuid() != 0:
        pytest.skip("only root may install a service")
    where = {"UNITDIR": str(tmp_path), "GROUP": "", "MONTAUK": "/bin/true", **given}
    return subprocess.run(
        ["sh", "scripts/install-service.sh", name], cwd=ROOT,
        env={**os.environ, **where}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@services
def test_the_service_runs_the_installed_program(tmp_path: Path, name: str) -> None:
    done = install(name, tmp_path)
    assert (done.returncode, complaints(done)) == (0, [])
    text = (tmp_path / UNITS[name].name).read_text()
    commands = re.findall(r"^Exec\w+=(.*)$", text, re.MULTILINE)
    assert (
        commands
        == {
            "probes": ["/bin/true probes load", "/bin/true probes unload"],
            "recorder": ["/bin/true record --dir /var/lib/montauk/recordings"],
        }[name]
    )
    assert "@" not in text
    assert f"systemctl enable --now montauk-{name}" in done.stdout


@services
def test_a_program_of_a_user_is_refused(tmp_path: Path, name: str) -> None:
    program = tmp_path / "montauk"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(program, 4242, 4242)
    done = install(name, tmp_path, MONTAUK=str(program))
    assert done.returncode == 1
    assert f"{program} is not root's; leave MONTAUK unset" in done.stderr
    assert not list(tmp_path.glob("*.service"))


@pytest.mark.parametrize(
    ("name", "given", "reason"),
    [
        ("probes", {"UNITDIR": "/nonexistent"}, "no folder /nonexistent; set UNITDIR"),
        ("recorder", {"UNITDIR": "/nonexistent"}, "record by hand: montauk record"),
        ("probes", {"MONTAUK": "/nonexistent"}, "/nonexistent is no program; set"),
        ("", {}, "give the service: probes or recorder"),
    ],
)  # fmt: skip
def test_what_is_not_there(
    tmp_path: Path, name: str, given: dict[str, str], reason: str
) -> None:
    done = install(name, tmp_path, **given)
    assert done.returncode == 1
    assert reason in done.stderr


@services
def test_systemd_accepts_the_service(tmp_path: Path, name: str) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    path = tmp_path / UNITS[name].name
    path.write_text(UNITS[name].read_text().replace("@MONTAUK@", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = [line for line in done.stderr.splitlines() if path.name in line]
    assert lines == []


def limited(name: str) -> list[str]:
    """Return what runs a command with the capabilities of a service."""
    lines = re.findall(r"\nCapabilityBoundingSet=(.*)", UNITS[name].read_text())
    names = [one.removeprefix("CAP_").lower() for one in " ".join(lines).split()]
    assert names
    held = ",".join(["-all", *(f"+{one}" for one in names)])
    return ["setpriv", "--bounding-set", held, "--no-new-privs", "--"]


@pytest.mark.privileged
def test_the_capabilities_of_the_probes_are_enough() -> None:
    with machine("mode=0700") as one:
        load = [*PROGRAM, "probes", "load", "--group", str(GROUP)]
        done = one.run(*limited("probes"), *load)
        assert (done.returncode, complaints(done)) == (0, [])
        done = one.run(*limited("probes"), *PROGRAM, "probes", "unload")
        assert (done.returncode, complaints(done)) == (0, [])


@pytest.mark.privileged
@pytest.mark.parametrize("collector", ["kernel", "netlink", "traditional"])
def test_the_capabilities_of_the_recorder_are_enough(
    tmp_path: Path, collector: str
) -> None:
    load_available(collector)
    command = ["record", "--dir", str(tmp_path / "it"), "-d", "0.1",
               "--duration", "1s", "--collector", collector]  # fmt: skip
    done = subprocess.run(
        [*limited("recorder"), *PROGRAM, *command],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [line for line in complaints(done) if "recorded" not in line] == [
        f"montauk: recording to {tmp_path / 'it'} until stopped"
    ]
    shown = [*PROGRAM, "--json", "-n", "1", "--recording", str(tmp_path / "it")]
    found = json.loads(subprocess.run(shown, capture_output=True, check=True).stdout)
    assert found["collector"]["detail"].startswith(collector)
    assert found["processes"]
