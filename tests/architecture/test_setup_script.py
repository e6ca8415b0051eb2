"""What `make run` and `make test` install, with a made-up Python and pip."""

import os
import pty
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from tests.support.patience import Patience

ROOT: Final = Path(__file__).parents[2]
SCRIPT: Final = ROOT / "scripts" / "setup.sh"

PYTHON: Final = """\
#!/bin/sh
case "$*" in
*ensurepip*) exit {no_venv} ;;
*version_info*) exit {too_old} ;;
"-m venv "*) mkdir -p "$3/bin" && cp {folder}/pip "$3/bin/python" ;;
esac
"""

PIP: Final = """\
#!/bin/sh
echo "$*" >> {folder}/calls
echo 'Looking in indexes: somewhere'
echo 'Collecting numpy<3,>=1.26'
echo 'Processing /mirror/rich-15.0.0-py3-none-any.whl (from montauk-tui==0.1.0)'
echo 'Installing collected packages: numpy, rich'
echo 'ERROR: no space left' >&2
exit {status}
"""


WAITING: Final = """\
#!/bin/sh
until [ -e {folder}/go ]; do sleep 0.05; done
"""


class System:
    """A folder with a Python that makes environments with a pip that is a script."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python()
        self.pip()

    def python(self, *, too_old: int = 0, no_venv: int = 0) -> None:
        text = PYTHON.format(folder=self.folder, too_old=too_old, no_venv=no_venv)
        self._program("python", text)

    def pip(self, status: int = 0) -> None:
        self._program("pip", PIP.format(folder=self.folder, status=status))

    def wait_for_pip(self) -> None:
        """Let pip say nothing until the file `go` is there."""
        self._program("pip", WAITING.format(folder=self.folder))

    def _program(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def run(self, part: str) -> tuple[int, str, str]:
        done = subprocess.run(
            ["/bin/sh", str(SCRIPT), part, "env", str(self.folder / "python")],
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    @property
    def installed(self) -> list[str]:
        calls = (self.folder / "calls").read_text().splitlines()
        return [call.partition("--progress-bar off ")[2] for call in calls]


def rest_of(terminal: int) -> bytes:
    """Return what comes until nobody has the terminal: then reading is EIO."""
    found, patience = b"", Patience()
    with suppress(OSError):
        while not patience.is_over():
            found += os.read(terminal, 1024)
    assert not patience.is_over()
    return found


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


def test_running_installs_the_program_alone_in_one_visible_line(system: System) -> None:
    assert system.run("run") == (
        0,
        "setting up env, about half a minute, once: numpy rich ... installing\n",
        "",
    )
    assert system.installed == ["--editable ."]


def test_tests_add_the_development_group_to_the_same_environment(
    system: System,
) -> None:
    system.run("run")
    status, out, err = system.run("dev")
    assert (status, out.count("\n"), err) == (0, 1, "")
    assert system.installed[1:] == ["--upgrade pip>=25.1", "--group dev"]


def test_a_pip_that_fails_shows_its_last_lines(system: System) -> None:
    system.pip(status=3)
    status, _, err = system.run("run")
    assert status == 1
    assert err.splitlines()[-1] == "ERROR: no space left"


def test_a_python_that_is_too_old_or_lacks_venv_is_one_line(system: System) -> None:
    system.python(too_old=1)
    assert system.run("run") == (
        1,
        "",
        "montauk needs Python 3.11 or newer: make PYTHON=python3.12 ...\n",
    )
    system.python(no_venv=1)
    status, out, err = system.run("run")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "apt-get install python3-venv" in err


def test_the_monitor_starts_without_the_development_group() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert "\nrun: $(READY) bcc " in makefile
    assert "\ntest: setup " in makefile


def test_a_terminal_gets_a_dot_a_second_until_the_end(system: System) -> None:
    system.wait_for_pip()
    terminal, inside = pty.openpty()
    with subprocess.Popen(
        ["/bin/sh", str(SCRIPT), "run", "env", str(system.folder / "python")],
        cwd=system.folder, stdin=subprocess.DEVNULL, stdout=inside, stderr=inside,
    ) as script:  # fmt: skip
        os.close(inside)
        said, patience = b"", Patience()
        while b"once:.." not in said:
            assert not patience.is_over()
            said += os.read(terminal, 1024)
        (system.folder / "go").touch()
        assert script.wait() == 0
    # The terminal is closed by its last user: the dots have ended as well.
    assert b"\r\n" in rest_of(terminal)
    os.close(terminal)
