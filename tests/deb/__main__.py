"""Try the Debian package in a fresh Debian: `make test-deb`, as root.

`python -m tests.deb bookworm trixie` builds the package, makes a minimal Debian of each
release in a folder, installs the package there with apt, runs it as root and as an
ordinary user, and purges it. It prints a line for each check.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from scripts.deb import __main__ as deb
from scripts.deb.libraries import ROOT
from tests.deb import checks, wheel
from tests.deb.checks import Result
from tests.deb.chroot import Chroot, fresh, say
from tests.kernels.tools import CannotSetUpError

CACHE = ROOT / "build" / "chroots"
FIRST_SCREEN = Path(__file__).with_name("first_screen.py")

FAILED = 1
USAGE = 2


def prepare(debian: Chroot, package: Path) -> None:
    """Install the package from its file, and what the checks need."""
    temporary = debian.folder / "tmp"
    for file in (package, FIRST_SCREEN):
        shutil.copy(file, temporary)
    evil = debian.folder / "evil"
    evil.mkdir()
    for name in ("montauk_tui", "textual", "numpy", "sitecustomize"):
        (evil / f"{name}.py").write_text("raise SystemExit('foreign code')\n")
    debian.need("apt-get", "update")
    debian.need("apt-get", "install", *checks.EXTRAS)
    debian.need("useradd", "--create-home", checks.USER)
    debian.need("apt-get", "install", f"/tmp/{package.name}")


def results(debian: Chroot, package: Path) -> Iterator[Result]:
    """Yield how each check went: package, package once more, purge, wheel."""
    yield from checks.tried(debian)
    debian.need("apt-get", "install", "--reinstall", f"/tmp/{package.name}")
    version = checks.CHECKS[0]
    yield checks.result(debian, "reinstalled", version.command, version.expected)
    yield checks.purged(debian)
    with tempfile.TemporaryDirectory(prefix="montauk-wheel-") as folder:
        wheel.provide(debian, Path(folder))
    yield from wheel.tried(debian)


def tried(suite: str, package: Path) -> list[Result]:
    """Print and return how the checks went in one release."""
    found = []
    with tempfile.TemporaryDirectory(prefix="montauk-chroot-") as folder:
        debian = fresh(suite, CACHE, Path(folder))
        say(f"installing {package.name} in {suite}")
        prepare(debian, package)
        for result in results(debian, package):
            word = "FAIL" if result.fault else "pass"
            said = result.fault or result.detail.strip()
            print(f"{suite:9} {word}  {result.name:22} {said}", flush=True)
            found.append(result)
    return found


def main(suites: list[str]) -> int:
    """Try the package in each release; return the exit code."""
    if not suites:
        say("name a release of Debian, such as bookworm")
        return USAGE
    if os.geteuid() != 0:
        say("only root can install the package in a chroot")
        return FAILED
    try:
        with tempfile.TemporaryDirectory(prefix="montauk-deb-") as folder:
            package = deb.build(Path(folder), None)
            found = [result for suite in suites for result in tried(suite, package)]
    except CannotSetUpError as error:
        say(str(error))
        return FAILED
    failed = sum(bool(result.fault) for result in found)
    print(f"{len(found) - failed} passed, {failed} failed")
    return FAILED if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
