"""What `make run` does where BCC is missing, with the tools of a made-up system."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "bcc.sh"


class System:
    """A system with nothing but the tools that are put on its PATH."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.log = folder / "log"
        self.log.touch()
        self.release = folder / "os-release"
        self.tool("python", "exit 1")

    def tool(self, name: str, script: str) -> None:
        path = self.bin / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> {self.log}\n{script}\n')
        path.chmod(0o755)

    def run(self, *pythons: str) -> tuple[str, str]:
        """Return stdout and stderr; it never fails."""
        done = subprocess.run(
            ["/bin/sh", str(SCRIPT), *(pythons or ["python"])],
            env={"PATH": str(self.bin), "OS_RELEASE": str(self.release)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0
        return done.stdout, done.stderr

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def system(tmp_path: Path) -> System:
    made = System(tmp_path)
    made.tool("id", "echo 1000")
    return made


def test_where_bcc_can_be_imported_nothing_is_said(system: System) -> None:
    system.tool("python-with", "exit 0")
    system.tool("apt-get", "exit 0")
    system.tool("id", "echo 0")
    assert system.run("python", "missing-python", "python-with") == ("", "")
    assert system.calls == [
        "python -c from bcc import BPF",
        "python-with -c from bcc import BPF",
    ]


def test_root_with_apt_gets_it_installed(system: System) -> None:
    system.tool("id", "echo 0")
    system.tool("apt-get", "echo noise; echo noise >&2")
    out, err = system.run()
    assert out.count("\n") == 1
    assert "python3-bpfcc" in out
    assert err == ""
    assert [call for call in system.calls if call.startswith("apt-get")] == [
        "apt-get update -qq",
        "apt-get install -y --no-install-recommends python3-bpfcc",
    ]


@pytest.mark.parametrize("step", ["update", "install"])
def test_an_installation_that_fails_is_one_line(system: System, step: str) -> None:
    system.tool("id", "echo 0")
    system.tool("apt-get", f'echo noise >&2; [ "$1" != {step} ]')
    _, err = system.run()
    assert err.count("\n") == 1
    assert "montauk runs without it" in err


@pytest.mark.parametrize(
    ("release", "command"),
    [
        ("ID=debian\n", "apt-get install python3-bpfcc"),
        ("ID=linuxmint\nID_LIKE='ubuntu debian'\n", "apt-get install python3-bpfcc"),
        ("ID=fedora\n", "dnf install python3-bcc"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "dnf install python3-bcc"),
        ("ID=arch\n", "pacman -S python-bcc"),
        ("ID=manjaro\nID_LIKE=arch\n", "pacman -S python-bcc"),
        ('ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', "zypper install python3-bcc"),
        ("ID=alpine\n", "apk add py3-bcc"),
        ("ID=gentoo\n", "your distribution"),
        ("", "your distribution"),
    ],
)
def test_others_are_told_the_command_of_their_distribution(
    system: System, release: str, command: str
) -> None:
    system.tool("apt-get", "exit 1")
    system.release.write_text(release)
    out, err = system.run()
    assert out == ""
    assert err.count("\n") == 1
    assert command in err
    assert not [call for call in system.calls if call.startswith("apt-get")]


def test_an_unknown_distribution_is_warned_of_the_other_bcc(system: System) -> None:
    _, err = system.run()
    assert "PyPI" in err
