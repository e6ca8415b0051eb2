"""Which argument of an interpreter is its script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.model.interpreters import script_of
from montauk_tui.model.lookups import command_from_cmdline


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["/usr/bin/python3.11", "-u", "/opt/app/server.py", "--port"], "server.py"),
        (["python3", "-m", "http.server"], "http.server"),
        (["python", "-W", "ignore", "a.py"], "a.py"),
        (["python", "-c", "import os", "a.py"], None),
        (["bash", "/srv/storm.sh", "x"], "storm.sh"),
        (["sh", "-c", "exec a"], None),
        (["-bash"], None),
        (["perl", "--", "x.pl"], "x.pl"),
        (["node", "--require", "./hook.js", "dist/main.js"], "main.js"),
        (["/usr/bin/vim", "a.py"], None),
        (["pythonic", "a.py"], None),
        (["python3"], None),
        (["python3", ""], None),
    ],
)
def test_the_script(arguments: list[str], name: str | None) -> None:
    raw = "\0".join(arguments).encode() + b"\0"
    found = script_of(raw)
    assert (found and raw[found.name : found.end].decode()) == name
    command = command_from_cmdline(raw)
    script = command.script
    assert (script and command.text[script[1] : script[2]]) == name


@given(st.binary(max_size=40), st.sampled_from([b"sh", b"/bin/python3"]))
def test_it_lies_behind_the_name_and_within_the_text(rest: bytes, name: bytes) -> None:
    command = command_from_cmdline(name + b"\0" + rest)
    if command.script is not None:
        start, at, end = command.script
        assert command.name_end <= start <= at <= end
