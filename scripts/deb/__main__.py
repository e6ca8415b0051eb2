"""Builds the Debian package: `make deb`.

`python -m scripts.deb` writes it to `dist/`. The libraries come from the package index,
in the versions and with the hashes of `pins.txt`; with `--libraries FOLDER` from a
folder that has them. The same sources and SOURCE_DATE_EPOCH give the same bytes.
"""

import argparse
import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from email.utils import formatdate
from pathlib import Path
from typing import Final

from montauk_tui import __version__
from scripts.deb import libraries
from scripts.deb.libraries import ROOT

PARTS: Final = Path(__file__).parent
VERSION: Final = f"{__version__}-1"
NAME: Final = f"montauk_{VERSION}_all.deb"

LIBRARY: Final = Path("usr/share/montauk")
"""Modules that only this program imports, as Debian's policy for Python has it."""

PLACES: Final = {
    "docs/montauk.1": "usr/share/man/man1/montauk.1.gz",
    "completions/montauk.bash": "usr/share/bash-completion/completions/montauk",
    "completions/_montauk": "usr/share/zsh/vendor-completions/_montauk",
    "completions/montauk.fish": "usr/share/fish/vendor_completions.d/montauk.fish",
    "CHANGELOG.md": "usr/share/doc/montauk/changelog.gz",
    "scripts/web.py": "usr/share/doc/montauk/examples/web.py",
    "scripts/deb/montauk": "usr/bin/montauk",
    "scripts/deb/overrides": "usr/share/lintian/overrides/montauk",
    "scripts/deb/rtupdate": "usr/share/python3/runtime.d/montauk.rtupdate",
}
"""Files of the repository, and where they are installed."""

SERVICES: Final = ("montauk-probes.service", "montauk-recorder.service")
UNITS: Final = "usr/lib/systemd/system"
PROGRAMS: Final = {"usr/bin/montauk", PLACES["scripts/deb/rtupdate"]}
SCRIPTS: Final = ("postinst", "prerm", "postrm")

_NOT_INSTALLED: Final = ("RECORD", "REQUESTED", "INSTALLER", "direct_url.json")
"""What pip notes of an installation; it differs from one to the next."""

_CHANGES: Final = """\
montauk ({version}) unstable; urgency=medium

  * What changed is in changelog.gz.

 -- The montauk authors <montauk@localhost>  {date}
"""


def epoch() -> int:
    """Return the time of all files: SOURCE_DATE_EPOCH, the last commit, or now."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not given:
        done = subprocess.run(
            ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        given = done.stdout.strip()
    return int(given) if given.isdigit() else int(time.time())


def write(tree: Path, place: str, content: bytes) -> None:
    """Write a file of the package, compressed where its name says so."""
    path = tree / place
    path.parent.mkdir(parents=True, exist_ok=True)
    packed = gzip.compress(content, 9, mtime=0) if path.suffix == ".gz" else content
    path.write_bytes(packed)


def add_modules(tree: Path, folder: Path | None) -> None:
    """Put the wheel of this checkout and its libraries into the tree."""
    target = tree / LIBRARY
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="montauk-wheel-") as place:
        shutil.unpack_archive(libraries.build_wheel(Path(place)), target, "zip")
    # The wheel's manual page and completions: a package has its own places for them.
    for data in target.glob("*.data"):
        shutil.rmtree(data)
    if folder is None:
        libraries.fetch(target)
    else:
        libraries.copy(folder, target)


def licence_texts(target: Path) -> str:
    """Return the file `copyright`: montauk's licence, and those of its libraries."""
    parts = [("montauk", (ROOT / "LICENSE").read_text("utf-8").strip())]
    parts += libraries.licences(target)
    return "\n\n".join(f"{name}\n{'=' * len(name)}\n\n{text}" for name, text in parts)


def add_documents(tree: Path, now: int) -> None:
    """Put everything that no module is into the tree."""
    for source, place in PLACES.items():
        write(tree, place, (ROOT / source).read_bytes())
    for name in SERVICES:
        unit = (ROOT / "scripts" / name).read_bytes()
        write(tree, f"{UNITS}/{name}", unit.replace(b"@MONTAUK@", b"/usr/bin/montauk"))
    texts = licence_texts(tree / LIBRARY) + "\n"
    write(tree, "usr/share/doc/montauk/copyright", texts.encode())
    changes = _CHANGES.format(version=VERSION, date=formatdate(now))
    write(tree, "usr/share/doc/montauk/changelog.Debian.gz", changes.encode())


def clean(tree: Path) -> None:
    """Remove what is not for an installed package."""
    target = tree / LIBRARY
    for unwanted in [target / "bin", *target.rglob("__pycache__")]:
        shutil.rmtree(unwanted, ignore_errors=True)
    for info in target.glob("*.dist-info"):
        for name in _NOT_INSTALLED:
            (info / name).unlink(missing_ok=True)


def add_control(tree: Path) -> None:
    """Write the description of the package, and the scripts that dpkg runs."""
    size = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file())
    control = (PARTS / "control").read_text("utf-8")
    filled = control.replace("@VERSION@", VERSION).replace("@SIZE@", str(size // 1024))
    write(tree, "DEBIAN/control", filled.encode())
    for name in SCRIPTS:
        write(tree, f"DEBIAN/{name}", (PARTS / name).read_bytes())


def settle(tree: Path, now: int) -> None:
    """Give all files their modes and one time."""
    programs = {*PROGRAMS, *(f"DEBIAN/{name}" for name in SCRIPTS)}
    for path in [tree, *tree.rglob("*")]:
        runs = path.is_dir() or str(path.relative_to(tree)) in programs
        path.chmod(0o755 if runs else 0o644)
        os.utime(path, (now, now))


def build(output: Path, folder: Path | None, compression: str = "xz") -> Path:
    """Build the package in the folder `output`, and return its file."""
    now = epoch()
    os.environ["SOURCE_DATE_EPOCH"] = str(now)
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="montauk-deb-") as place:
        tree = Path(place) / "tree"
        add_modules(tree, folder)
        add_documents(tree, now)
        clean(tree)
        add_control(tree)
        settle(tree, now)
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", f"-Z{compression}", "--build",
             str(tree), str(output / NAME)],
            stdout=subprocess.DEVNULL, check=True,
        )  # fmt: skip
    return output / NAME


def main(arguments: Sequence[str]) -> int:
    """Build the package and print where it is."""
    parser = argparse.ArgumentParser(prog="deb", description=__doc__)
    parser.add_argument("--libraries", type=Path, metavar="FOLDER")
    parser.add_argument("--output", type=Path, default=ROOT / "dist")
    options = parser.parse_args(arguments)
    print(build(options.output, options.libraries))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
