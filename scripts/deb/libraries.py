"""The Python libraries of the package: which, from where, under which licences.

`python -m scripts.deb.libraries` asks the package index for the newest versions that
pyproject.toml permits, and writes them with their hashes to `pins.txt`. Those with
machine code are not among them: they are Debian's.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PINS: Final = Path(__file__).with_name("pins.txt")

OF_DEBIAN: Final = {"numpy": "1:{}", "zstandard": "{}"}
"""Libraries with machine code: Debian has them, in versions that look like this."""

NOT_OURS: Final = {"montauk-tui", *OF_DEBIAN}
"""What is built here, and what Debian has."""

_HEAD: Final = "# Made by `make deb-pins`: the libraries in the Debian package.\n"
_INSTALL: Final = (
    sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet",
)  # fmt: skip
_PURE: Final = (
    "--no-deps", "--only-binary=:all:",
    "--platform=any", "--implementation=py", "--abi=none",
)  # fmt: skip
"""Wheels without machine code, for every Python from 3.11 on."""

_BUILD: Final = (
    "import sys, hatchling.build; print(hatchling.build.build_wheel(sys.argv[1]))"
)
_LICENCE: Final = re.compile(r"LICEN[CS]E\b|COPYING\b", re.IGNORECASE)


def canonical(name: str) -> str:
    """Return the name of a distribution in the form in which names compare."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned() -> dict[str, str]:
    """Return the version of each library of the package."""
    found = re.findall(r"^(\S+)==(\S+)", PINS.read_text("utf-8"), re.MULTILINE)
    return dict(found)


def resolve() -> str:
    """Return the text of `pins.txt` as the package index has it now."""
    found = report(str(ROOT))
    named = [f"{name}=={found[name][0]}" for name in sorted(found.keys() - NOT_OURS)]
    with tempfile.TemporaryDirectory() as nothing:
        pure = report(*_PURE, f"--target={nothing}", *named)
    lines = [
        f"{name}=={version} --hash=sha256:{sha256}\n"
        for name, (version, sha256) in sorted(pure.items())
    ]
    return _HEAD + "".join(lines)


def report(*arguments: str) -> dict[str, tuple[str, str]]:
    """Return what pip would install: version and SHA-256 of each distribution."""
    options = ("--dry-run", "--ignore-installed", "--report=-")
    done = subprocess.run(
        [*_INSTALL, *options, *arguments],
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    found = {}
    for entry in json.loads(done.stdout)["install"]:
        archive = entry["download_info"].get("archive_info", {})
        found[canonical(entry["metadata"]["name"])] = (
            entry["metadata"]["version"],
            archive.get("hashes", {}).get("sha256", ""),
        )
    return found


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this checkout in a folder, and return its file."""
    done = subprocess.run(
        [sys.executable, "-c", _BUILD, str(folder)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return folder / done.stdout.split()[-1]


def fetch(target: Path) -> None:
    """Install the pinned libraries into a folder, from the package index."""
    options = ("--no-compile", "--require-hashes")
    files = (f"--requirement={PINS}", f"--target={target}")
    subprocess.run([*_INSTALL, *_PURE, *options, *files], check=True)


def copy(folder: Path, target: Path) -> None:
    """Copy the pinned libraries, in whatever version, from a folder that has them."""
    wanted = pinned()
    for library in distributions(path=[str(folder)]):
        if canonical(library.name) not in wanted:
            continue
        for file in library.files or ():
            # An extension in C is an optional part of a library that has one.
            if ".." not in file.parts and file.suffix not in {".pyc", ".so"}:
                place = target / file
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(file.locate()), place)


def licences(target: Path) -> Iterator[tuple[str, str]]:
    """Yield each library in a folder as `NAME VERSION`, and its licence."""
    for folder in sorted(target.glob("*.dist-info")):
        library = Distribution.at(folder)
        if canonical(library.name) in NOT_OURS:
            continue
        files = [file for file in folder.rglob("*") if _LICENCE.match(file.name)]
        texts = [file.read_text("utf-8").strip() for file in sorted(files)]
        yield f"{library.name} {library.version}", "\n\n".join(texts)


if __name__ == "__main__":
    PINS.write_text(resolve(), "utf-8")
