"""Completion: the files are up to date, and the shells complete with them."""

import os
import pty
import select
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from montauk_tui.cli import WORDS, parsers
from scripts.completions import FILES, completion
from tests.support.patience import Patience

COMPLETE = """
source {file}
COMP_WORDS=({words}) COMP_CWORD={at} COMP_LINE={line} COMP_POINT={point}
_shtab_montauk
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize("shell", FILES)
def test_they_are_up_to_date(shell: str) -> None:
    assert FILES[shell].read_text("utf-8") == completion(shell), "run make docs"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_can_read_its_file(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    subprocess.run([shell, "-n", str(FILES[shell])], check=True)


def completed(line: str) -> set[str]:
    """Return what bash offers for the last word of a line."""
    words = line.split(" ")
    script = COMPLETE.format(
        file=shlex.quote(str(FILES["bash"])), words=" ".join(map(shlex.quote, words)),
        at=len(words) - 1, line=shlex.quote(line), point=len(line),
    )  # fmt: skip
    done = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return {*done.stdout.split()}


def long_options(word: str = "") -> set[str]:
    parser = WORDS[word]() if word else parsers.parser()
    actions = parser._actions  # noqa: SLF001 - there is no public way
    names = (name for action in actions for name in action.option_strings)
    return {name for name in names if name.startswith("--")}


def test_bash_completes_every_option() -> None:
    assert completed("montauk --") == long_options()
    assert completed("montauk events --") == long_options("events")


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("montauk ev", {"events"}),
        ("montauk probes lo", {"load"}),
        ("montauk config im", {"import"}),
        ("montauk --theme monoc", {"monochrome"}),
        ("montauk -s cpu_t", {"cpu_time"}),
        ("montauk -b --sort hel", {"help"}),
        ("montauk --collector net", {"netlink"}),
        ("montauk -u roo", {"root"}),
        ("montauk config import --pri", {"--print"}),
    ],
)
def test_bash_completes_values_and_commands(line: str, offered: set[str]) -> None:
    assert completed(line) == offered


def test_the_tab_key_in_an_interactive_bash(tmp_path: Path) -> None:
    shown = b""
    patience = Patience()
    pid, terminal = pty.fork()
    if pid == 0:
        environment = {"PATH": os.defpath, "TERM": "dumb", "HOME": str(tmp_path)}
        arguments = ["bash", "--norc", "--noprofile", "-i"]
        os.execve("/bin/bash", arguments, environment)  # noqa: S606 - it is the shell
    try:
        os.write(
            terminal, f". {shlex.quote(str(FILES['bash']))}; echo rea\\dy\n".encode()
        )
        typed = False
        while b"--no-mouse" not in shown:
            assert not patience.is_over(), shown
            if select.select([terminal], [], [], 0.05)[0]:
                shown += os.read(terminal, 4096)
            if b"ready" in shown and not typed:
                os.write(terminal, b"montauk --no-m\t")
                typed = True
    finally:
        os.kill(pid, 9)
        os.close(terminal)
        os.waitpid(pid, 0)
