"""The options of htop and top: what each sets, and what it prints."""

import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from montauk_tui.cli.parsers import parser
from montauk_tui.cli.settings import load_settings, with_flags
from montauk_tui.config import Settings
from montauk_tui.engine.columns.foreign import HTOP, NEAR, TOP
from montauk_tui.engine.columns.table import COLUMNS
from tests.cli.conftest import PROGRAM, Command

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "options.md"

Chosen = Callable[..., Settings]


@pytest.fixture
def chosen() -> Chosen:
    """Return the settings that a command line means."""

    def run(*arguments: str) -> Settings:
        settings, warnings = load_settings(parser().parse_args(arguments))
        assert warnings == []
        return settings

    return run


# --- what they mean -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        ("-t", Settings(tree=True)),
        ("-M", Settings(mouse=False)),
        ("-C", Settings(no_color=True)),
        ("--no-colour", Settings(no_color=True)),
        ("-U", Settings(ascii=True)),
        ("--readonly", Settings(read_only=True)),
        ("-F postgres", Settings(filter="postgres")),
        ("-H", Settings(linger_s=5.0)),
        ("-H 2", Settings(linger_s=2.0)),
        ("-H0", Settings(linger_s=0.0)),
        ("--highlight-changes=500ms", Settings(linger_s=0.5)),
        ("-d 1.5", Settings(interval_s=1.5)),
        ("-d 15", Settings(interval_s=15.0)),
        ("-u root", Settings(uid=0)),
        ("-u0", Settings(uid=0)),
        ("--user=4294967294", Settings(uid=4294967294)),
        ("-u", Settings(uid=os.geteuid())),
        ("-u -t", Settings(uid=os.geteuid(), tree=True)),
        ("-p 1,2", Settings(pids=(1, 2))),
        ("-p1 -p 2,1", Settings(pids=(1, 2))),
        ("--threads", Settings(user_threads=True)),
        ("-s PERCENT_MEM", Settings(sort="mem_pct")),
        ("-s M_RESIDENT", Settings(sort="rss_bytes")),
        ("--sort-key=mem", Settings(sort="rss_bytes")),
        ("-o %CPU", Settings(sort="cpu_pct")),
        ("-o +PID", Settings(sort="pid", descending=True)),
        ("-o-RES", Settings(sort="rss_bytes", descending=False)),
        ("-o nTH", Settings(sort="threads")),
    ],
)
def test_each_option_sets_what_htop_or_top_means(
    chosen: Chosen, arguments: str, settings: Settings
) -> None:
    assert chosen(*arguments.split()) == settings


def test_a_sort_column_shows_a_list_unless_the_tree_is_wanted() -> None:
    saved = Settings(tree=True)

    def tree(*arguments: str) -> bool:
        return with_flags(saved, parser().parse_args(arguments)).tree

    assert tree()
    assert not tree("-s", "mem")
    assert tree("-s", "mem", "-t")


def test_the_sign_of_top_may_stand_alone(here: Command) -> None:
    result = here("-b", "-n", "1", "-o", "-nosuch")
    assert result.code == 2
    assert "no column is called 'nosuch'" in result.complaint


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ("-u no-such-user", "no user is called 'no-such-user'"),
        ("-u 4294967295", "no user is called"),
        ("-u -- -1", "unrecognized arguments"),
        ("-p x", "'x' is not a PID"),
        ("-p 0", "'0' is not a PID"),
        ("-p 1,,2", "'' is not a PID"),
        ("-p 4194305", "is not a PID"),
        ("-p " + ",".join(map(str, range(1, 1002))), "more than 1,000 PIDs"),
        ("-H x", "--highlight-changes: 'x' is not a duration"),
        ("-s nonsense", "no column is called 'nonsense'"),
        ("-b -t", "--tree applies to the monitor only"),
        ("-b --once", "not allowed with"),
        ("-b -n 0", "not a positive number"),
        ("-w 80", "-w requires --once or -b"),
        ("-w 0 -b", "not a positive number"),
        ("--json -w", "-w requires --once or -b"),
        ("-n 3", "-n requires --json or -b"),
    ],
)
def test_what_an_option_cannot_mean_is_refused_in_one_line(
    here: Command, arguments: str, hint: str
) -> None:
    result = here(*arguments.split())
    assert result.code == 2
    assert hint in result.complaint


def test_a_hostile_user_name_is_told_on_one_clean_line(here: Command) -> None:
    result = here("--once", "-u", "\x1b[2J\0\n")
    assert result.code == 2
    assert result.complaint.isprintable()


def test_every_foreign_name_is_a_column() -> None:
    assert {*HTOP.values(), *TOP.values()} <= COLUMNS.keys()
    assert NEAR.keys() <= HTOP.keys()


def test_the_names_to_sort_by_are_listed(here: Command) -> None:
    code, out, err = here("-s", "help")
    assert (code, err) == (0, "")
    heading, *lines = out.splitlines()
    assert heading.split() == ["COLUMN", "TITLE", "HTOP,", "TOP", "MEANING"]
    assert [line.split()[0] for line in lines] == [*COLUMNS]
    for name in (*HTOP, *TOP):
        assert any(name in line.split() for line in lines), name


# --- beside htop and top --------------------------------------------------------------


HTOP_OPTIONS = """
-C --no-color -d --delay -F --filter -h --help -H --highlight-changes -M --no-mouse -p
--pid --readonly -s --sort-key -t --tree -u --user -U --no-unicode -V --version
--no-function-bar --no-meters -n --max-iterations
"""
"""Of htop 3.2.2, and what came up to 3.5."""

TOP_OPTIONS = """
-b --batch-mode -c --cmdline-toggle -d --delay -E --scale-summary-mem -e
--scale-task-mem -H --threads-show -i --idle-toggle -n --iterations -O --list-fields -o
--sort-override -p --pid -S --accum-time-toggle -s --secure-mode -U --filter-any-user -u
--filter-only-euser -w --width -1 --single-cpu-toggle -h --help -V --version
"""
"""Of procps-ng 4.0.2."""


def options_of(program: str) -> set[str]:
    """Return the options that the help of an installed program names."""
    done = subprocess.run(
        [program, "--help"], capture_output=True, text=True, check=False
    )
    lines = (done.stdout + done.stderr).splitlines()
    found = (re.match(r"\s*(-\w)?,?\s*(--[\w-]+)?", line) for line in lines)
    return {name for it in found if it for name in it.groups() if name}


@pytest.mark.parametrize("names", [HTOP_OPTIONS, TOP_OPTIONS], ids=["htop", "top"])
def test_the_page_tells_of_every_option(names: str) -> None:
    page = PAGE.read_text()
    assert {name for name in names.split() if f"`{name}`" not in page} == set()


@pytest.mark.parametrize(
    ("program", "version", "names"),
    [("htop", "htop 3.2.2", HTOP_OPTIONS), ("top", "procps-ng 4.0.2", TOP_OPTIONS)],
)
def test_the_lists_are_those_of_the_programs(
    program: str, version: str, names: str
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    told = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=False
    )
    if version not in told.stdout:
        pytest.skip(f"the list is that of {version}")
    assert options_of(program) <= set(names.split())


def test_every_option_of_the_page_exists_or_is_said_not_to() -> None:
    known = {name for it in parser()._actions for name in it.option_strings}  # noqa: SLF001
    table = re.findall(r"^\| (`-.+) \|$", PAGE.read_text(), re.MULTILINE)
    rows = [(cells[0], cells[-1]) for cells in (row.split(" | ") for row in table)]
    assert len(rows) > 20
    for names, ours in rows:
        for name in re.findall(r"`(-\w|--[\w-]+)", ours):
            assert name in known, (names, name)


# --- batch ----------------------------------------------------------------------------


def batch(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `montauk -b` without a terminal and without TERM."""
    environment = {key: it for key, it in os.environ.items() if key != "TERM"}
    return subprocess.run(
        [*PROGRAM, "-b", "--collector=traditional", "-d.1", *arguments],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def frames_of(out: str) -> list[list[str]]:
    """Return the rows below the titles of each table."""
    blocks = [block.splitlines() for block in out.split("\n\n")]
    assert all("CPU" in head[1] for head in blocks[::2])
    assert all(rows[0].split()[0] == "PID" for rows in blocks[1::2])
    return [rows[1:] for rows in blocks[1::2]]


def test_as_many_tables_as_asked_for_sorted_and_cut() -> None:
    done = batch("-n", "2", "-o", "-PID", "-w", "60", "--limit", "5")
    assert (done.returncode, done.stderr) == (0, "")
    frames = frames_of(done.stdout)
    assert len(frames) == 2
    for rows in frames:
        pids = [int(row.split()[0]) for row in rows]
        assert pids == sorted(pids)
        assert len(pids) == 5
    assert max(map(len, done.stdout.splitlines())) == 60
    assert "\x1b" not in done.stdout


def test_only_what_is_asked_for() -> None:
    me, others = os.getpid(), (1, os.getppid())
    done = batch("-n1", f"-p{me}", "-p", ",".join(map(str, others)))
    (rows,) = frames_of(done.stdout)
    assert {int(row.split()[0]) for row in rows} == {me, *others}
    done = batch("-n1", "-u")
    (rows,) = frames_of(done.stdout)
    name = pwd.getpwuid(os.geteuid()).pw_name
    assert {row.split()[1] for row in rows} == {name[:9]}
    assert batch("-n1", f"-p{me}", "-F", "no such command").stdout.endswith("Command\n")


def test_a_hostile_name_changes_no_line(tmp_path: Path) -> None:
    script = "import sys, time; print(flush=True); time.sleep(600)"
    hostile = "evil\n\x1b[31m\u202e"
    with subprocess.Popen(
        [sys.executable, "-c", script, hostile], stdout=subprocess.PIPE, cwd=tmp_path
    ) as child:
        try:
            assert child.stdout is not None
            child.stdout.readline()
            done = batch("-n1", f"-p{child.pid}")
        finally:
            child.kill()
    (rows,) = frames_of(done.stdout)
    assert len(rows) == 1
    assert rows[0].endswith(r"evil\n\x1b[31m\u202e")


def test_a_reader_that_leaves_is_no_error() -> None:
    script = f"{' '.join(PROGRAM)} -b -d.1 --collector=traditional | head -n1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", script], capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("columns", "arguments", "width"),
    [("70", ["-w"], 70), ("70", ["-w", "50"], 50), ("x", ["-w"], 512)],
)
def test_the_width_is_that_of_top(
    program: Command, columns: str, arguments: list[str], width: int
) -> None:
    result = program(
        "--once", "--collector=traditional", "-d.1", *arguments, COLUMNS=columns
    )
    assert result.code == 0
    assert max(map(len, result.out.splitlines())) <= width
