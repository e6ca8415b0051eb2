"""What the Debian package holds, and what its scripts do: `make test-deb` runs it."""

import gzip
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement

from montauk_tui import __version__
from scripts.deb import __main__ as deb
from scripts.deb import libraries

ROOT: Final = libraries.ROOT
PARTS: Final = ROOT / "scripts" / "deb"
HERE: Final = Path(sysconfig.get_path("purelib"))


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the package with the libraries of this environment."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("there is no dpkg-deb")
    return deb.build(tmp_path_factory.mktemp("dist"), HERE, "none")


@pytest.fixture(scope="module")
def tree(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the package."""
    folder = tmp_path_factory.mktemp("tree")
    subprocess.run(["dpkg-deb", "--extract", package, folder], check=True)
    return folder


@pytest.fixture(scope="module")
def modules(tree: Path) -> Path:
    return tree / deb.LIBRARY


def control(package: Path, field: str) -> str:
    done = subprocess.run(
        ["dpkg-deb", "--field", package, field],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def dependencies() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [Requirement(line) for line in project["dependencies"]]


# --- what is in it --------------------------------------------------------------------


def test_its_version_and_its_dependencies_are_those_of_the_program(
    package: Path,
) -> None:
    assert package.name == f"montauk_{__version__}-1_all.deb"
    assert control(package, "Version") == f"{__version__}-1"
    depends = control(package, "Depends").split(", ")
    lowest = {
        it.name: re.findall(r">=([\d.]+)", str(it.specifier)) for it in dependencies()
    }
    for name, form in libraries.OF_DEBIAN.items():
        assert f"python3-{name} (>= {form.format(*lowest[name])})" in depends
    assert {"python3 (>= 3.11)", "python3-bpfcc"} <= {*depends}


def test_every_file_belongs_to_root_and_nobody_else_may_write_it(package: Path) -> None:
    done = subprocess.run(
        ["dpkg-deb", "--contents", package], capture_output=True, text=True, check=True
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    assert {line[1] for line in lines} == {"root/root"}
    assert {line[0] for line in lines} == {"drwxr-xr-x", "-rwxr-xr-x", "-rw-r--r--"}
    programs = {line[-1] for line in lines if line[0] == "-rwxr-xr-x"}
    assert programs == {f"./{name}" for name in deb.PROGRAMS}


@pytest.mark.parametrize(("source", "place"), deb.PLACES.items())
def test_the_files_beside_the_modules_are_in_their_places(
    tree: Path, source: str, place: str
) -> None:
    content = (tree / place).read_bytes()
    unpacked = gzip.decompress(content) if place.endswith(".gz") else content
    assert unpacked == (ROOT / source).read_bytes()


@pytest.mark.parametrize("name", deb.SERVICES)
def test_a_service_starts_the_command_of_the_package(tree: Path, name: str) -> None:
    text = (tree / deb.UNITS / name).read_text("utf-8")
    assert "ExecStart=/usr/bin/montauk " in text
    assert "@" not in text


def test_all_modules_and_data_are_there_and_nothing_that_was_compiled(
    modules: Path,
) -> None:
    for file in (ROOT / "montauk_tui").rglob("*.py"):
        installed = modules / file.relative_to(ROOT)
        assert installed.read_bytes() == file.read_bytes()
    for name, pattern in (("probes", "*.c"), ("themes", "*.toml")):
        here = {file.name for file in (ROOT / name).glob(pattern)}
        assert here == {
            file.name for file in (modules / "montauk_tui" / name).glob(pattern)
        }
    assert not [file for file in modules.rglob("*") if file.suffix in {".so", ".pyc"}]
    assert not [*modules.glob("bin"), *modules.glob("*.data"), *modules.glob("numpy*")]


def test_the_libraries_are_all_that_the_program_and_they_need(modules: Path) -> None:
    found = {
        libraries.canonical(it.name): it for it in distributions(path=[str(modules)])
    }
    assert found.keys() == {"montauk-tui", *libraries.pinned()}
    pinned = libraries.pinned()
    for name, library in found.items():
        if pinned.get(name, library.version) != library.version:
            continue  # this environment has another version than the package
        for text in library.requires or ():
            needed = Requirement(text)
            if not needed.marker or needed.marker.evaluate({"extra": ""}):
                assert libraries.canonical(needed.name) in {
                    *found,
                    *libraries.OF_DEBIAN,
                }


def test_the_pinned_versions_are_those_that_the_program_permits() -> None:
    pinned = libraries.pinned()
    for needed in dependencies():
        if needed.name not in libraries.NOT_OURS:
            assert needed.specifier.contains(pinned[needed.name])
    hashes = re.findall(
        r" --hash=sha256:[0-9a-f]{64}$", libraries.PINS.read_text(), re.MULTILINE
    )
    assert len(hashes) == len(pinned)


def test_the_licence_of_every_library_is_told(tree: Path, modules: Path) -> None:
    text = (tree / "usr/share/doc/montauk/copyright").read_text("utf-8")
    licences = dict(libraries.licences(modules))
    assert len(licences) == len(libraries.pinned())
    for name, licence in licences.items():
        assert f"\n{name}\n" in text
        assert "copyright" in licence.lower()
        assert licence in text


def test_it_runs_from_its_folder_whatever_the_environment_says(
    tree: Path, modules: Path, tmp_path: Path
) -> None:
    (tmp_path / "montauk_tui.py").write_text("raise SystemExit('foreign code')")
    launcher = (tree / "usr/bin/montauk").read_text("utf-8")
    assert launcher.startswith("#!/usr/bin/python3 -I\n")
    here = launcher.replace("/usr/share/montauk", str(modules))
    done = subprocess.run(
        [sys.executable, "-I", "-c", here, "--once", "--limit", "3"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "Command" in done.stdout


def test_the_same_sources_give_the_same_bytes(package: Path, tmp_path: Path) -> None:
    again = deb.build(tmp_path, HERE, "none")
    assert again.read_bytes() == package.read_bytes()


# --- what its scripts do --------------------------------------------------------------

COMMANDS: Final = (
    "addgroup", "deb-systemd-helper", "deb-systemd-invoke", "delgroup", "getent",
    "montauk", "py3clean", "py3compile", "rm", "systemctl",
)  # fmt: skip


def calls(script: str, *arguments: str, folder: Path, fails: str = "") -> list[str]:
    """Return what a script runs where every command but `fails` succeeds."""
    log = folder / "calls"
    log.write_text("")
    for name in COMMANDS:
        status = int(name == fails)
        program = folder / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >>{log}\nexit {status}\n')
        program.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", str(PARTS / script), *arguments], env={"PATH": str(folder)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return log.read_text().splitlines()


def test_an_installation_makes_the_group_and_compiles(tmp_path: Path) -> None:
    first = calls("postinst", "configure", "", folder=tmp_path, fails="getent")
    assert "addgroup --system --quiet montauk" in first
    assert "py3compile -p montauk /usr/share/montauk -V 3.11-" in first
    for name in deb.SERVICES:
        assert f"deb-systemd-helper update-state {name}" in first
    assert not [line for line in first if line.startswith("deb-systemd-invoke")]
    second = calls("postinst", "configure", "0.1.0-1", folder=tmp_path)
    assert not [line for line in second if line.startswith("addgroup")]
    assert calls("postinst", "triggered", folder=tmp_path) == []


def test_a_removal_unloads_the_probes_and_an_upgrade_does_not(tmp_path: Path) -> None:
    assert calls("prerm", "upgrade", folder=tmp_path) == ["py3clean -p montauk"]
    removal = calls("prerm", "remove", folder=tmp_path, fails="montauk")
    assert removal[-2:] == ["montauk probes unload", "py3clean -p montauk"]


def test_a_purge_removes_the_cache_the_state_and_the_group(tmp_path: Path) -> None:
    assert not calls("postrm", "upgrade", folder=tmp_path)
    purge = calls("postrm", "purge", folder=tmp_path, fails="delgroup")
    assert "rm -rf /var/cache/montauk /var/lib/montauk" in purge
    for name in deb.SERVICES:
        assert f"deb-systemd-helper purge {name}" in purge
    assert purge[-1] == "delgroup --system --quiet --only-if-empty montauk"


def test_another_python_compiles_anew(tmp_path: Path) -> None:
    assert calls("rtupdate", "pre-rtupdate", folder=tmp_path) == []
    assert calls("rtupdate", "rtupdate", folder=tmp_path) == [
        "py3clean -p montauk /usr/share/montauk",
        "py3compile -p montauk /usr/share/montauk -V 3.11-",
    ]
