"""Prometheus and promtool: those of this machine, or Debian's, unpacked in `build`."""

import shutil
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "build" / "prometheus"
PACKAGE: Final = "prometheus"


class Unavailable(Exception):
    """There is no Prometheus, and none can be fetched; says why."""


class Binaries(NamedTuple):
    """Paths of the programs."""

    prometheus: str
    promtool: str


def installed() -> Binaries | None:
    """Return those that need not be fetched."""
    for search in (None, str(FOLDER / "usr" / "bin")):
        found = [shutil.which(name, path=search) for name in ("prometheus", "promtool")]
        if all(found):
            return Binaries(*map(str, found))
    return None


def fetched() -> Binaries:
    """Return those that there are, or fetch Debian's: nothing is installed or started.

    Raises:
        Unavailable: There is no apt, or no such package.
    """
    if found := installed():
        return found
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise Unavailable("prometheus and promtool are not installed, nor is apt")
    FOLDER.mkdir(parents=True, exist_ok=True)
    commands = [["apt-get", "download", "-o", "APT::Sandbox::User=root", PACKAGE]]
    for command in commands:
        done = subprocess.run(
            command, cwd=FOLDER, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Unavailable(f"{' '.join(command)}: {done.stderr.strip()}")
    (archive,) = FOLDER.glob("*.deb")
    subprocess.run(["dpkg-deb", "--extract", archive, FOLDER], check=True)
    archive.unlink()
    found = installed()
    if found is None:
        raise Unavailable(f"the package {PACKAGE} has no such programs")
    return found
