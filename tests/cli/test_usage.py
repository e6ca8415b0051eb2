"""What the command line accepts, and how it refuses the rest."""

import errno
import os
import subprocess
from pathlib import Path

import pytest

from montauk_tui import __version__, cli
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.errors import LONGEST_LINE
from tests.cli.conftest import PROGRAM, Command

OPTIONS = [
    "--help", "--version", "--once", "--json", "--collector-info", "--collector",
    "-d", "--delay", "-n", "--samples", "--filter", "--sort", "--limit", "--tree",
    "--theme", "--ascii", "MONTAUK_COLLECTOR", "MONTAUK_CONFIG", "NO_COLOR",
]  # fmt: skip


def test_the_version(here: Command) -> None:
    assert here("--version") == (0, f"montauk {__version__}\n", "")


def test_the_help_mentions_everything(here: Command) -> None:
    for option in ("-h", "--help"):
        code, out, err = here(option)
        assert (code, err) == (0, "")
        for word in OPTIONS:
            assert word in out.split() or f"{word}," in out.split(), word


@pytest.mark.parametrize("arguments", [["--once"], ["--json", "-n1"], ["--json"]])
def test_an_unknown_collector_names_the_known_ones(
    here: Command, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    by_flag = here("--collector", "nonsense", *arguments)
    monkeypatch.setenv("MONTAUK_COLLECTOR", "nonsense")
    for result in (by_flag, here(*arguments), here("--collector-info")):
        assert result.code == 2
        assert "'nonsense'" in result.complaint
        assert "traditional" in result.complaint


def test_an_unknown_column_names_the_known_ones(here: Command) -> None:
    result = here("--sort", "nonsense", "--once")
    assert result.code == 2
    assert "'nonsense'" in result.complaint
    assert all(name in result.complaint for name in COLUMNS)


@pytest.mark.parametrize(
    ("arguments", "hints"),
    [
        (["-d", "0", "--once"], ["'0'", "0.1 to 3600 seconds"]),
        (["-d", "0.09s", "--json"], ["0.1 to 3600 seconds"]),
        (["-d", "99h", "--json"], ["'99h'", "500ms"]),
        (["-d", "x", "--json"], ["'x'", "500ms"]),
        (["-d", "-1", "--json"], ["-d"]),
        (["-d", "nan", "--json"], ["'nan'"]),
        (["-d", "inf", "--json"], ["'inf'"]),
        (["-d", "1e9", "--json"], ["'1e9'"]),
        (["-d", "9" * 400, "--json"], ["out of range"]),
        (["-d", "\n7000\n", "--json"], ["out of range"]),
        (["-d", "٣", "--json"], ["duration"]),
        (["-n", "0", "--json"], ["'0'", "positive number"]),
        (["-n", "-3", "--json"], ["-n"]),
        (["-n", "1.5", "--json"], ["'1.5'", "positive number"]),
        (["-n", "²", "--json"], ["positive number"]),
        (["-n", "9" * 5000, "--json"], ["-n", "is too large"]),
        (["--limit", "0", "--json"], ["'0'", "positive number"]),
        (["-n", "5"], ["--json"]),
        (["-n", "5", "--once"], ["--json"]),
        (["-n", "5", "--collector-info"], ["--json"]),
        (["--limit", "5"], ["--json", "--once"]),
        (["--once", "--json"], ["--once", "--json"]),
        (["--once", "--collector-info"], ["--once", "--collector-info"]),
        (["--nonsense"], ["--nonsense", "--help"]),
        (["--colle", "traditional"], ["--colle"]),
        (["nonsense"], ["nonsense"]),
        (["--once=yes"], ["--once"]),
        (["--sort"], ["--sort"]),
        (["--a\nb\x1b[2J"], [r"--a\nb\x1b[2J"]),
        (["--sort", "a\nb\x1b[2J", "--once"], [r"a\nb\x1b[2J"]),
        (["--collector", "a\nb\x1b[2J", "--once"], [r"a\nb\x1b[2J"]),
    ],
    ids=lambda value: " ".join(value)[:40].encode("unicode_escape").decode(),
)
def test_wrong_usage_is_one_line_that_helps(
    here: Command, arguments: list[str], hints: list[str]
) -> None:
    result = here(*arguments)
    assert result.code == 2
    for hint in hints:
        assert hint in result.complaint


LONG = f"start{'x' * 5_000}end"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--once", "--collector", LONG],
        ["--once", "--sort", LONG],
        ["--once", "--filter", f"{LONG} = 1"],
        ["--once", "--filter", f"cpu > {LONG}"],
        ["--once", "--delay", LONG],
        ["--once", "--limit", LONG],
        ["--once", f"--{LONG}"],
        [f"--once={LONG}"],
        [LONG],
        ["probes", LONG],
        ["events", LONG],
        ["events", "--collector", LONG],
        ["events", "--duration", LONG],
    ],
    ids=lambda value: " ".join(value)[:30],
)
def test_what_is_long_is_named_by_its_start_and_its_end(
    here: Command, arguments: list[str]
) -> None:
    result = here(*arguments)
    assert result.code == 2
    assert "startxxx" in result.complaint
    assert "xxx..." in result.complaint
    assert len(result.complaint) < LONGEST_LINE


@pytest.mark.parametrize("name", ["MONTAUK_CONFIG", "XDG_CONFIG_HOME"])
def test_a_long_path_of_the_environment_is_named_by_its_start_and_its_end(
    program: Command, name: str
) -> None:
    result = program(
        "--once", "--limit=1", "--collector=traditional", **{name: f"/{LONG}"}
    )
    (line,) = result.err.splitlines()
    assert result.code == 0
    assert line.startswith("montauk: /startxxx")
    assert "xxx..." in line
    assert line.endswith("too long; using the defaults")
    assert len(line) < 300


def test_wrong_usage_of_the_program_itself(program: Command) -> None:
    result = program("--json", MONTAUK_COLLECTOR="nonsense")
    assert result.code == 2
    assert "traditional" in result.complaint


def test_a_flag_beats_the_environment(program: Command) -> None:
    result = program(
        "--json", "-n1", "-d.1", "--limit=1", "--collector=traditional",
        MONTAUK_COLLECTOR="nonsense",
    )  # fmt: skip
    assert (result.code, result.err) == (0, "")


@pytest.mark.parametrize("arguments", [[], ["--tree"], ["--ascii", "-d", "2"]])
def test_the_monitor_without_a_terminal(program: Command, arguments: list[str]) -> None:
    result = program(*arguments)
    assert result.code == 1
    assert "terminal" in result.complaint
    assert "--once or --json" in result.complaint


@pytest.mark.parametrize("options", [[], ["--once"], ["--json"], ["events"]])
def test_a_filter_that_means_nothing_is_told_with_its_place(
    here: Command, options: list[str]
) -> None:
    result = here(*options, "--filter", "cpu > ten and user = root")
    assert result.code == 2
    assert result.complaint == (
        "montauk: --filter: column 7: 'ten' is not a percentage; "
        "expected a percentage such as 10 or 2.5%"
    )


def test_a_hostile_filter_is_told_on_one_clean_line(here: Command) -> None:
    result = here("--once", "--filter", "cpu > \x1b[31m\udcff")
    assert result.code == 2
    assert result.complaint.isprintable()


@pytest.mark.parametrize("error", [MemoryError(), OSError(errno.ENOMEM, "short")])
def test_short_memory_is_said_in_one_line(
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(_command: str, _options: object) -> int:
        raise error

    monkeypatch.setattr(cli, "run", fail)
    assert cli.main(["--once"]) == 1
    line = capsys.readouterr().err
    assert line.startswith("montauk: out of memory; ")
    assert line.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["events", "--help"]])
@pytest.mark.parametrize("buffered", ["", "1"])
def test_what_cannot_be_printed_is_no_success(
    arguments: list[str], buffered: str
) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": buffered}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, text=True,
            check=False, env=environment,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "montauk: cannot write to stdout: No space left on device\n"


@pytest.mark.parametrize("redirection", ["2>/dev/full", "2>&-"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--filter", "(", "--once"], 2), (["-d", "x"], 2), (["--help"], 0)],
)
def test_where_nothing_can_be_said_the_exit_code_is_right(
    redirection: str, arguments: list[str], code: int
) -> None:
    script = f'exec "$0" "$@" {redirection}'
    done = subprocess.run(
        ["/bin/sh", "-c", script, *PROGRAM, *arguments],
        stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code
    assert "montauk: " not in done.stdout


@pytest.mark.parametrize("argument", [b"--sort", b"--filter=cpu>", b"-d", b"-n"])
def test_a_byte_that_is_no_text_is_an_escape(argument: bytes) -> None:
    *joined, name = argument.partition(b"=")
    value = b"a\xff"
    given = [argument + value] if any(joined[1:]) else [name or joined[0], value]
    done = subprocess.run(
        [*PROGRAM, "--json", *given], capture_output=True, check=False
    )
    assert done.returncode == 2
    assert rb"\xff" in done.stderr
    assert b"udcff" not in done.stderr
