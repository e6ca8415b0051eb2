"""What the command makes of results and failures, without a virtual machine."""

import signal
from pathlib import Path
from typing import Literal

import pytest

from tests.kernels import __main__ as command
from tests.kernels import tools
from tests.kernels.report import Row, Word
from tests.kernels.tools import CannotSetUpError


@pytest.fixture(autouse=True)
def _nothing_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MONTAUK_KERNEL_CACHE", str(tmp_path))
    monkeypatch.setattr(tools, "debian_packages", lambda: None)
    monkeypatch.setattr(tools, "virtme_ng", lambda: Path("vng"))
    monkeypatch.setattr(signal, "signal", lambda *_: None)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"6.1": "pass", "7.2": "skip"}, 0),
        ({"6.1": "pass", "7.2": "FAIL"}, 1),
        ({"6.1": "pass", "7.2": ""}, 75),
        ({"6.1": "FAIL", "7.2": ""}, 1),
    ],
)
def test_a_failed_check_is_told_from_what_could_not_be_set_up(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: dict[str, Word | Literal[""]],
    code: int,
) -> None:
    def check(_vng: Path, version: str, _names: list[str]) -> list[Row]:
        if word := words[version]:
            return [Row(version, "one", word)]
        raise CannotSetUpError("no network")

    monkeypatch.setattr(command, "check", check)
    assert command.main(list(words)) == code
    printed = capsys.readouterr()
    assert printed.out.startswith("| kernel |")
    assert ("not tested on 7.2: no network" in printed.err) == (words["7.2"] == "")


def test_no_virtual_machine_can_be_had(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> None:
        raise CannotSetUpError("apt-get: no")

    monkeypatch.setattr(tools, "debian_packages", refused)
    assert command.main(["6.1"]) == 75
    assert capsys.readouterr().err == (
        "kernels: not tested on other kernels: apt-get: no\n"
    )


@pytest.mark.parametrize("versions", [[], ["6.1", "1.0"]])
def test_a_version_that_is_not_known(versions: list[str]) -> None:
    assert command.main(versions) == 2


def test_which_packages_are_missing() -> None:
    listed = "kmod installed\nfile config-files\nlibc6 installed\n"
    assert tools.missing(["kmod", "file", "bash"], listed) == ["file", "bash"]


@pytest.mark.parametrize(
    ("errors", "line"),
    [
        ("W: aside\nE: Unable to fetch\nE: and so on\n", "E: Unable to fetch"),
        ("Traceback\n  at\nValueError: no\n\n", "ValueError: no"),
        ("", "failed and said nothing"),
    ],
)
def test_a_failure_is_said_in_one_line(errors: str, line: str) -> None:
    assert tools.reason(errors) == line
