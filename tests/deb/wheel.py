"""The wheel in a new environment of a chroot, as root and as a user."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scripts.deb import libraries
from scripts.try_wheel import DATA
from tests.deb import checks
from tests.deb.checks import Result
from tests.deb.chroot import Chroot

_WHEELS: Final = "/tmp/wheels"
_VERSION: Final = "import sys; print('.'.join(map(str, sys.version_info[:2])))"


def provide(debian: Chroot, folder: Path) -> None:
    """Put the wheel and those that it needs into the chroot, which has no index."""
    wheel = libraries.build_wheel(folder)
    version = debian.need("python3", "-c", _VERSION).strip()
    wheels = debian.folder / _WHEELS.removeprefix("/")
    wheels.mkdir(exist_ok=True)
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", f"--dest={wheels}",
         "--only-binary=:all:", f"--python-version={version}", str(wheel)],
        stderr=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    shutil.copy(wheel, wheels)


def tried(debian: Chroot) -> Iterator[Result]:
    """Install the wheel for root and for a user, and run it as whoever has it."""
    for user in ("root", checks.USER):
        folder = f"/var/tmp/wheel-{user}"
        montauk, pip = f"{folder}/bin/montauk", f"{folder}/bin/pip"
        install = [pip, "install", "--quiet", "--no-index", "--find-links", _WHEELS]
        for command in (["python3", "-m", "venv", folder], [*install, "montauk-tui"]):
            debian.need(*checks.as_user(user, command))
        for name, command, expected in (
            ("version", [montauk, "--version"], r"montauk [\d.]+\n"),
            ("once", [montauk, "--once", "--limit", "5"], r"PID.*Command"),
            ("screen", ["python3", checks.SCREEN, montauk], r"first screen .*"),
            ("files", ["ls", *(f"{folder}/{file}" for file in DATA)], r"\S+\.1"),
            ("man", ["env", f"MANPATH={folder}/share/man", "man", "montauk"],
             r"MONTAUK\(1\)"),
        ):  # fmt: skip
            whole = checks.as_user(user, command)
            yield checks.result(debian, f"{user} wheel {name}", whole, expected)
