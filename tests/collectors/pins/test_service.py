"""The service that loads the probes at boot, and what installs it."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.support.bpfmachine import GROUP, PROGRAM, Done, complaints, machine

ROOT: Final = Path(__file__).parents[3]
UNIT: Final = ROOT / "scripts" / "montauk-probes.service"


def install(tmp_path: Path, **given: str) -> Done:
    """Run `make install-probes` into a folder, with a program that is there."""
    if os.geteuid() != 0:
        pytest.skip("only root may install a service")
    where = {"UNITDIR": str(tmp_path), "GROUP": "", "MONTAUK": "/bin/true", **given}
    return subprocess.run(
        ["sh", "scripts/install-probes.sh"], cwd=ROOT, env={**os.environ, **where},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_service_runs_the_installed_program(tmp_path: Path) -> None:
    done = install(tmp_path)
    assert (done.returncode, complaints(done)) == (0, [])
    text = (tmp_path / "montauk-probes.service").read_text()
    assert "ExecStart=/bin/true probes load\n" in text
    assert "ExecStop=/bin/true probes unload\n" in text
    assert "@" not in text
    assert "systemctl enable --now montauk-probes" in done.stdout


def test_a_program_of_a_user_is_refused(tmp_path: Path) -> None:
    program = tmp_path / "montauk"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(program, 4242, 4242)
    done = install(tmp_path, MONTAUK=str(program))
    assert done.returncode == 1
    assert f"{program} is not root's; leave MONTAUK unset" in done.stderr
    assert not (tmp_path / "montauk-probes.service").exists()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"UNITDIR": "/nonexistent"}, "no folder /nonexistent; set UNITDIR"),
        ({"MONTAUK": "/nonexistent"}, "/nonexistent is no program; set MONTAUK"),
    ],
)
def test_what_is_not_there(tmp_path: Path, given: dict[str, str], reason: str) -> None:
    done = install(tmp_path, **given)
    assert done.returncode == 1
    assert reason in done.stderr


def test_systemd_accepts_the_service(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    path = tmp_path / UNIT.name
    path.write_text(UNIT.read_text().replace("@MONTAUK@", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert lines == []


@pytest.mark.privileged
def test_its_capabilities_are_enough() -> None:
    wanted = re.search(r"\nCapabilityBoundingSet=(.*)\n", UNIT.read_text())
    assert wanted is not None
    names = [name.removeprefix("CAP_").lower() for name in wanted[1].split()]
    held = ",".join(["-all", *(f"+{name}" for name in names)])
    limited = ["setpriv", "--bounding-set", held, "--no-new-privs", "--"]
    with machine("mode=0700") as one:
        done = one.run(*limited, *PROGRAM, "probes", "load", "--group", str(GROUP))
        assert (done.returncode, complaints(done)) == (0, [])
        done = one.run(*limited, *PROGRAM, "probes", "unload")
        assert (done.returncode, complaints(done)) == (0, [])
