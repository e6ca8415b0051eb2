"""Which packages are a kernel, and where their parts lie."""

from pathlib import Path

import pytest

from tests.kernels import packages
from tests.kernels.tools import CannotSetUpError

OTHERS = [
    "linux-base",
    "linux-headers-6.1.0-50-amd64",
    "linux-image-6.1.0-99-cloud-amd64",
    "linux-image-6.1.0-99-rt-amd64",
    "linux-image-6.1.0-99-amd64-unsigned",
    "linux-image-6.1.0-99-amd64-dbg",
    "linux-image-6.1.0-99-arm64",
    "linux-image-amd64",
]


@pytest.mark.parametrize(
    ("version", "names", "expected"),
    [
        ("6.1", ["linux-image-6.1.0-9-amd64", "linux-image-6.1.0-47-amd64"], [1]),
        ("5.10", ["linux-image-5.10.0-32-amd64", "linux-image-5.1.0-9-amd64"], [0]),
        (
            "6.12",
            [
                "linux-image-6.12.107+deb13-amd64",
                "linux-image-6.12.94+deb13-amd64",
                "linux-image-6.12.107+deb13-cloud-amd64",
            ],
            [0],
        ),
        (
            "7.2",
            [
                "linux-modules-7.2.13+deb14-amd64",
                "linux-image-7.2.13+deb14-amd64",
                "linux-binary-7.2.13+deb14-amd64",
                "linux-binary-7.2.9+deb14-amd64",
            ],
            [2, 0],
        ),
        ("6.1", [], []),
        ("6.1", ["linux-image-6.12.107+deb13-amd64"], []),
    ],
)
def test_the_newest_plain_kernel_of_a_version(
    version: str, names: list[str], expected: list[int]
) -> None:
    found = packages.newest(version, [*OTHERS, *names])
    assert found == [names[index] for index in expected]


@pytest.mark.parametrize(
    ("image", "modules"),
    [
        ("boot/vmlinuz-6.1.0-50-amd64", "lib/modules/6.1.0-50-amd64"),
        ("usr/lib/modules/7.2.13-amd64/vmlinuz", "usr/lib/modules/7.2.13-amd64"),
    ],
)
def test_a_kernel_is_found_where_its_suite_puts_it(
    tmp_path: Path, image: str, modules: str
) -> None:
    (tmp_path / modules).mkdir(parents=True)
    (tmp_path / image).parent.mkdir(exist_ok=True)
    (tmp_path / image).write_bytes(b"")
    found = packages.find(tmp_path)
    assert found == packages.Kernel(Path(modules).name, tmp_path / image)


def test_a_folder_without_a_kernel_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CannotSetUpError, match="remove that folder"):
        packages.find(tmp_path)


def test_a_kernel_in_the_cache_is_not_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONTAUK_KERNEL_CACHE", str(tmp_path))
    monkeypatch.setattr(packages, "fetch", pytest.fail)
    root = tmp_path / "6.1" / "root"
    (root / "lib" / "modules" / "6.1.0-50-amd64").mkdir(parents=True)
    (root / "boot").mkdir()
    (root / "boot" / "vmlinuz-6.1.0-50-amd64").touch()
    assert packages.kernel("6.1").release == "6.1.0-50-amd64"


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("https://a.test/updates/\nhttps://a.test/debian/\n", "https://a.test/debian/"),
        ("https://a.test/mirror/\n", "https://a.test/mirror/"),
    ],
)
def test_packages_come_from_where_this_machine_has_its_own(
    monkeypatch: pytest.MonkeyPatch, printed: str, expected: str
) -> None:
    monkeypatch.setattr(packages, "command", lambda *_: printed)
    assert packages.registry() == expected


def test_apt_without_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "command", lambda *_: "")
    with pytest.raises(CannotSetUpError, match="no sources"):
        packages.registry()


def test_apt_keeps_everything_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "registry", lambda: "https://a.test/debian/")
    options = packages.apt_state(tmp_path / "apt", "sid")
    kept = dict(option.removeprefix("-o").split("=", 1) for option in options)
    for name in ("Dir::Etc::sourcelist", "Dir::State::Lists", "Dir::Cache"):
        assert Path(kept[name]).is_relative_to(tmp_path)
        assert Path(kept[name]).exists()
    assert "Suites: sid\n" in Path(kept["Dir::Etc::sourcelist"]).read_text("utf-8")
