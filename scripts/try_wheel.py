"""Installs a wheel into a new environment and tries the program: `make dist`.

`python -m scripts.try_wheel WHEEL` takes the dependencies from the package index, with
`--libraries FOLDER` from a folder that has them. Exits with 1 and the reason if a file
is missing or a command fails.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

DATA: Final = (
    "share/man/man1/montauk.1",
    "share/bash-completion/completions/montauk",
    "share/zsh/site-functions/_montauk",
    "share/fish/vendor_completions.d/montauk.fish",
)
"""Files of an installation that do not belong to the package."""

FOLDERS: Final = (("probes", "*.c"), ("themes", "*.toml"))
"""Folders of the package, and what is in them."""

_FIND: Final = "import montauk_tui; print(montauk_tui.__path__[0])"


class Wrong(Exception):
    """What is wrong with an installation, in one line."""


def install(wheel: Path, folder: Path, libraries: Path | None) -> Path:
    """Return the interpreter of a new environment that has the wheel."""
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install"]
    quiet = ["--quiet", "--disable-pip-version-check", str(wheel)]
    if libraries is None:
        subprocess.run([*command, *quiet], check=True)
        return python
    subprocess.run([*command, "--no-index", "--no-deps", *quiet], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "libraries.pth").write_text(f"{libraries}\n")
    return python


def run(command: Sequence[str], folder: Path) -> str:
    """Return the output of a program that knows nothing of the checkout."""
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**keep, "LC_ALL": "C.UTF-8", "MONTAUK_COLLECTOR": "traditional"}
    done = subprocess.run(
        command, cwd=folder, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Wrong(f"{' '.join(command)}: exit code {done.returncode}: {done.stderr}")
    return done.stdout


def check(wheel: Path, folder: Path, libraries: Path | None) -> list[str]:
    """Try an installation in `folder`, and return what was found, a line each."""
    python = install(wheel, folder, libraries)
    version = wheel.name.split("-")[1]
    montauk = str(python.with_name("montauk"))
    found = [run([montauk, "--version"], folder).strip()]
    if found != [f"montauk {version}"]:
        raise Wrong(f"--version says {found[0]}, the wheel is {version}")
    package = Path(run([str(python), "-c", _FIND], folder).strip())
    if not package.is_relative_to(folder):
        raise Wrong(f"the package is that of {package}")
    for name in DATA:
        if not (folder / name).is_file():
            raise Wrong(f"no {name}")
        found.append(name)
    for name, pattern in FOLDERS:
        files = len(list((package / name).glob(pattern)))
        if not files:
            raise Wrong(f"no {pattern} in {name}")
        found.append(f"{name}: {files} {pattern}")
    table = run([montauk, "--once", "--limit", "5"], folder)
    if "Command" not in table:
        raise Wrong(f"--once prints no table: {table}")
    return [*found, f"--once: {len(table.splitlines())} lines"]


def main(arguments: Sequence[str]) -> int:
    """Try a wheel and print what was found."""
    parser = argparse.ArgumentParser(prog="try_wheel", description=__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--libraries", type=Path, metavar="FOLDER")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="montauk-wheel-") as folder:
        try:
            found = check(options.wheel.resolve(), Path(folder), options.libraries)
        except (Wrong, subprocess.CalledProcessError) as error:
            print(f"{options.wheel.name}: {error}", file=sys.stderr)
            return 1
    print(f"{options.wheel.name} installs and runs", *found, sep="\n  ")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
