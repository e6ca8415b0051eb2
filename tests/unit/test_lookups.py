import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.model.lookups import (
    command_from_cmdline,
    command_from_comm,
    other_name,
)
from montauk_tui.model.text import clean


@pytest.mark.parametrize(
    ("raw", "text", "name"),
    [
        (b"/usr/bin/x\0-a\0b\0", "/usr/bin/x -a b", "x"),
        (b"bash\0", "bash", "bash"),
        (b"bash", "bash", "bash"),
        (b"-bash\0", "-bash", "-bash"),
        (b"./run.sh\0", "./run.sh", "run.sh"),
        (b"nginx: worker process\0", "nginx: worker process", "nginx:"),
        (b"sshd: a@pts/0\0\0\0", "sshd: a@pts/0", "sshd:"),
        (b"postgres: 16/main: idle   ", "postgres: 16/main: idle", "postgres:"),
        (b"/opt/My App/bin/a b\0-x\0", "/opt/My App/bin/a b -x", "a b"),
        (b"a\0\0b\0", "a  b", "a"),
        (b"/\0x\0", "/ x", ""),
        (b"", "", ""),
        (b"\0\0", "", ""),
        (b"   \0", "", ""),
        (b"/srv/\x1b[2J\0y\0", r"/srv/\x1b[2J y", r"\x1b[2J"),
        ("/opt/日本/語\0".encode(), "/opt/日本/語", "語"),
    ],
)
def test_the_command_line_and_the_name_in_it(raw: bytes, text: str, name: str) -> None:
    command = command_from_cmdline(raw)
    assert command.text == text
    assert command.text[command.name_start : command.name_end] == name


@given(st.one_of(st.binary(max_size=40), st.text("/. \0ab\u0301日:").map(str.encode)))
def test_the_name_lies_within_the_text(raw: bytes) -> None:
    command = command_from_cmdline(raw)
    assert 0 <= command.name_start <= command.name_end <= len(command.text)
    assert command.text == clean(command.text.encode())


def test_a_name_alone() -> None:
    command = command_from_comm(b"x\x1by", bracketed=False)
    assert command.text == r"x\x1by"
    assert command.text[command.name_start : command.name_end] == r"x\x1by"


def test_a_name_in_brackets() -> None:
    command = command_from_comm(b"kthreadd", bracketed=True)
    assert command.text == "[kthreadd]"
    assert command.text[command.name_start : command.name_end] == "kthreadd"


@pytest.mark.parametrize(
    ("cmdline", "comm", "name"),
    [
        (b"/usr/bin/python3\0app.py\0", b"worker", "worker"),
        (b"/usr/bin/python3\0app.py\0", b"python3", ""),
        # Cut by the kernel, it is the same name.
        (b"/opt/a-long-name-of-a-program\0", b"a-long-name-of-", ""),
        (b"/opt/a-long-name-of-a-program\0", b"a-long", "a-long"),
        (b"sh\0", b"\x1b[31m", r"\x1b[31m"),
    ],
)
def test_a_name_that_is_not_the_programs_is_told(
    cmdline: bytes, comm: bytes, name: str
) -> None:
    assert other_name(command_from_cmdline(cmdline), comm) == name
