"""`montauk events` where execs fail."""

import json
from typing import Any

import pytest

from tests.cli.conftest import Command, Install, Result
from tests.support.builders import Row
from tests.support.starts import failed
from tests.support.stream import BOOT_NS, END, LIFE, Made, sample_of


def lines(result: Result) -> list[list[str]]:
    assert result.code == 0
    return [line.split() for line in result.out.splitlines()]


def documents(result: Result) -> list[dict[str, Any]]:
    assert (result.code, result.err) == (0, "")
    return [json.loads(line) for line in result.out.splitlines()]


TRIED = failed(
    42, BOOT_NS + 500_000, comm=b"sh", ppid=2, exe=b"/opt/true", cmdline=b"true\0a b"
)


def test_an_exec_that_fails_has_its_error_and_file(
    here: Command, install: Install
) -> None:
    one = sample_of([*LIFE, TRIED], [END], after_s=1e9, sees_failed_execs=True)
    install(Made("kernel", one))
    rows = lines(here("events", "--duration", "0.1"))
    assert [row[1] for row in rows[1:]] == ["fork", "exec", "exec", "exit"]
    assert rows[2][2:] == ["42", "2", "root", "ENOENT", "-", "-", "/opt/true", "a", "b"]
    install(Made("kernel", one))
    _, event, program, _, last = documents(here("events", "--json", "--duration", ".1"))
    assert (event["event"], event["error"]) == ("exec_failed", "ENOENT")
    assert (event["exe"], event["cmdline"]) == ("/opt/true", "true a b")
    assert (event["comm"], event["exit_code"]) == ("sh", None)
    assert (program["event"], program["error"]) == ("exec", None)
    assert last["summary"]["failed_execs"] == 1
    assert last["summary"]["execs"] == 0  # what the collector counted


@pytest.mark.parametrize(
    ("values", "command"),
    [
        ({"exe": b""}, "true a b"),
        ({"cmdline_bytes": 99}, "/opt/true a b..."),
        ({"cmdline": b""}, "/opt/true"),
        ({"cmdline": b"", "exe": b""}, "sh"),
        ({"exe": b"/\x1b[2J\xff"}, "/\\x1b[2J\\xff a b"),
    ],
)
def test_what_was_tried(
    here: Command, install: Install, values: Row, command: str
) -> None:
    install(Made("kernel", sample_of([{**TRIED, **values}], after_s=1e9)))
    row = here("events", "--duration", "0.1").out.splitlines()[1]
    assert row.rpartition(" - ")[2].strip() == command


@pytest.mark.parametrize("sees", [True, False])
def test_failures_alone_say_where_failed_execs_are_not_seen(
    here: Command, install: Install, *, sees: bool
) -> None:
    starts = [*LIFE, TRIED] if sees else LIFE
    one = sample_of(starts, [END], after_s=1e9, sees_failed_execs=sees)
    install(Made("kernel", one))
    result = here("events", "-x", "--duration", "0.1")
    shown = [row[1:6] for row in lines(result)[1:]]
    tried = ["exec", "42", "2", "root", "ENOENT"]
    assert shown == [tried] * sees + [["exit", "42", "2", "root", "3"]]
    assert ("execs that fail are not seen here" in result.err) is not sees
