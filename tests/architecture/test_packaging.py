"""What a wheel holds, and where each kind of installation finds its data."""

import configparser
import json
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

from montauk_tui import __version__, resources
from montauk_tui.errors import ResourceMissing
from scripts import try_wheel

ROOT = Path(__file__).parents[2]
FOLDERS = ("probes", "themes")

BUILD = "import sys, hatchling.build; print(hatchling.build.build_wheel(sys.argv[1]))"

FIND = """
import json, montauk_tui
from montauk_tui import resources
print(json.dumps([montauk_tui.__file__, *map(str, map(resources.folder, %r))]))
""" % (FOLDERS,)  # noqa: UP031 - braces are the script's


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel of the checkout with the build backend alone."""
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the wheel, which is how it is installed."""
    folder = tmp_path_factory.mktemp("site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def files_of(folder: Path) -> set[str]:
    """Return the files below `folder`, without what Python caches there."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("name", FOLDERS)
def test_the_data_is_inside_the_package(installed: Path, name: str) -> None:
    expected = files_of(ROOT / name)
    assert expected
    found = installed / "montauk_tui" / name
    for file in expected:
        assert (found / file).read_bytes() == (ROOT / name / file).read_bytes()


def test_nothing_lies_beside_the_package(installed: Path) -> None:
    assert sorted(path.name for path in installed.iterdir()) == [
        "montauk_tui",
        f"montauk_tui-{__version__}.data",
        f"montauk_tui-{__version__}.dist-info",
    ]


SHARED = {
    "share/man/man1/montauk.1": "docs/montauk.1",
    "share/bash-completion/completions/montauk": "completions/montauk.bash",
    "share/zsh/site-functions/_montauk": "completions/_montauk",
    "share/fish/vendor_completions.d/montauk.fish": "completions/montauk.fish",
}
"""Where man and the shells look, and the file of the checkout."""


def test_manual_and_completions_go_where_they_are_looked_for(installed: Path) -> None:
    data = installed / f"montauk_tui-{__version__}.data" / "data"
    assert files_of(data) == SHARED.keys()
    for place, source in SHARED.items():
        assert (data / place).read_bytes() == (ROOT / source).read_bytes()


def test_every_module_and_no_test_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for file in files_of(ROOT / "montauk_tui"):
        assert f"montauk_tui/{file}" in names
    assert not [name for name in names if "test" in name or "__pycache__" in name]


def test_the_entry_points(installed: Path) -> None:
    parser = configparser.ConfigParser()
    (info,) = installed.glob("*.dist-info")
    parser.read(info / "entry_points.txt")
    assert parser["console_scripts"]["montauk"] == "montauk_tui.cli:main"
    collectors = parser["montauk.collectors"]
    assert collectors["traditional"].startswith("montauk_tui.collectors.")


def test_bcc_is_never_asked_of_the_python_package_index(installed: Path) -> None:
    (info,) = installed.glob("*.dist-info")
    metadata = (info / "METADATA").read_text("utf-8").splitlines()
    required = [line for line in metadata if line.startswith("Requires-Dist:")]
    assert [line for line in required if "textual" in line]
    assert not [line for line in required if "bcc" in line.lower()]


def test_what_leaves_the_machine_is_asked_of_nobody_who_does_not_want_it(
    installed: Path,
) -> None:
    (info,) = installed.glob("*.dist-info")
    metadata = (info / "METADATA").read_text("utf-8").splitlines()
    required = [line for line in metadata if line.startswith("Requires-Dist:")]
    found = [line for line in required if re.search("opentelem|prometheus|proto", line)]
    assert len(found) == 1
    assert found[0].endswith("extra == 'otlp'")


def test_what_sql_needs_is_installed_only_with_its_extra(installed: Path) -> None:
    (info,) = installed.glob("*.dist-info")
    metadata = (info / "METADATA").read_text("utf-8").splitlines()
    assert "Provides-Extra: sql" in metadata
    required = [line for line in metadata if line.startswith("Requires-Dist:")]
    of_sql = [line for line in required if "duckdb" in line]
    assert of_sql
    assert all(line.endswith("extra == 'sql'") for line in of_sql)
    foreign = ("pyarrow", "pyspark", "chdb", "pandas")
    assert not [line for line in required if any(name in line for name in foreign)]


def found_with(path: Path, cwd: Path) -> list[Path]:
    """Return where the package and its folders are found with `path` on the path."""
    done = subprocess.run(
        [sys.executable, "-c", FIND],
        cwd=cwd, env={**os.environ, "PYTHONPATH": str(path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [Path(found) for found in json.loads(done.stdout)]


def test_a_wheel_finds_its_own_folders(installed: Path, tmp_path: Path) -> None:
    package = installed / "montauk_tui"
    assert found_with(installed, tmp_path) == [
        package / "__init__.py",
        *(package / name for name in FOLDERS),
    ]


def test_a_checkout_finds_the_folders_beside_the_package(tmp_path: Path) -> None:
    assert found_with(ROOT, tmp_path) == [
        ROOT / "montauk_tui" / "__init__.py",
        *(ROOT / name for name in FOLDERS),
    ]


def test_an_editable_installation_finds_those_of_the_checkout(tmp_path: Path) -> None:
    origin = distribution("montauk-tui").read_text("direct_url.json") or "{}"
    if not json.loads(origin).get("dir_info", {}).get("editable"):
        pytest.skip("montauk is not installed editable")
    assert found_with(Path(os.devnull), tmp_path)[1:] == [
        ROOT / name for name in FOLDERS
    ]


def test_a_wheel_installs_into_a_new_environment_and_runs(
    wheel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    libraries = sysconfig.get_path("purelib")
    status = try_wheel.main([str(wheel), "--libraries", libraries])
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    assert f"montauk {__version__}" in out
    assert "share/man/man1/montauk.1" in out


def test_a_wheel_without_its_data_is_refused(
    wheel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    poor = tmp_path / wheel.name
    with zipfile.ZipFile(wheel) as whole, zipfile.ZipFile(poor, "w") as rest:
        for name in whole.namelist():
            if "/themes/" not in name and not name.endswith("RECORD"):
                rest.writestr(name, whole.read(name))
        rest.writestr(f"montauk_tui-{__version__}.dist-info/RECORD", "")
    libraries = sysconfig.get_path("purelib")
    assert try_wheel.main([str(poor), "--libraries", libraries]) == 1
    assert "no *.toml in themes" in capsys.readouterr().err


def test_the_source_archive_has_what_the_wheel_is_made_of(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BUILD.replace("wheel", "sdist"), str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    subprocess.run(
        ["tar", "-xf", done.stdout.splitlines()[-1]], cwd=tmp_path, check=True
    )
    names = files_of(tmp_path / f"montauk_tui-{__version__}")
    needed = {"pyproject.toml", "README.md", "LICENSE", "docs/montauk.1", "Makefile"}
    assert needed <= names
    for folder in ("montauk_tui", *FOLDERS):
        assert {f"{folder}/{file}" for file in files_of(ROOT / folder)} <= names


def test_the_package_alone_has_no_folders(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "themes").mkdir()
    package = tmp_path / "montauk_tui"
    package.mkdir()
    monkeypatch.setattr(resources, "_PACKAGE", package)
    for name in ("themes", "probes"):
        with pytest.raises(ResourceMissing, match=name):
            resources.folder(name)
    monkeypatch.setattr(resources, "_PACKAGE", installed / "montauk_tui")
    with pytest.raises(ResourceMissing, match="nonsense"):
        resources.folder("nonsense")
