"""SQL over exports and recordings: what it answers, and what it refuses."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from montauk_tui.errors import MontaukError, UsageError
from montauk_tui.export.fleet import duck
from montauk_tui.export.fleet.asking import FORMATS, ask
from montauk_tui.export.fleet.readonly import checked
from tests.support.fleet import HOSTS, exported, record, record_all
from tests.support.recordings import report_on

MONTAUK = [sys.executable, "-m", "montauk_tui"]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return record_all(tmp_path_factory.mktemp("recordings"))


@pytest.fixture(scope="module")
def fleet(recordings: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export three hosts, two of one name, to one folder."""
    out = tmp_path_factory.mktemp("fleet") / "out"
    for folder in recordings:
        assert exported(folder, out).now == 1
    return out


class Asked:
    """Asks, and has what was printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.complaints = ""

    def lines(self, sql: str, *folders: Path, form: str = "table") -> list[str]:
        ask(sql, folders, form)
        out, self.complaints = self._capsys.readouterr()
        return out.splitlines()

    def objects(self, sql: str, *folders: Path) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.lines(sql, *folders, form="json")]


@pytest.fixture
def asked(capsys: pytest.CaptureFixture[str]) -> Asked:
    return Asked(capsys)


# --- answers --------------------------------------------------------------------------


def test_a_table_is_aligned(asked: Asked, fleet: Path) -> None:
    sql = "select comm, count(*) as n, max(killer) as k, 1.5 as x from exits group by 1"
    assert asked.lines(sql, fleet) == [
        "comm    n  k               x",
        "cc1   810  systemd-oomd  1.5",
    ]


def test_unknown_is_a_dash_null_or_nothing(asked: Asked, fleet: Path) -> None:
    sql = "select null as a, true as b, timestamptz '2026-11-30 03:07:00Z' as c"
    assert asked.lines(sql, fleet)[1].split(None, 2) == [
        "-", "true", "2026-11-30 03:07:00",
    ]  # fmt: skip
    assert asked.objects(sql, fleet) == [
        {"a": None, "b": True, "c": "2026-11-30T03:07:00Z"}
    ]
    assert asked.lines(sql, fleet, form="csv") == [
        "a,b,c", ",true,2026-11-30 03:07:00",
    ]  # fmt: skip
    assert asked.objects("select 'nan'::double as a, [1, 2] as b, 1.5 as c") == [
        {"a": None, "b": [1, 2], "c": 1.5}
    ]
    assert asked.objects("select 1 as a, 2 as a, date '2026-11-30' as d") == [
        {"a": 1, "a_1": 2, "d": "2026-11-30"}
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_no_text_changes_the_screen(asked: Asked, fleet: Path, form: str) -> None:
    sql = "select comm, chr(27) || '[2J' || chr(10) as \"x\x1b\" from samples limit 3"
    lines = asked.lines(sql, fleet, form=form)
    assert len(lines) == (3 if form == "json" else 4)
    assert all(line.isprintable() for line in lines)


def test_csv_has_what_a_table_cuts(asked: Asked, fleet: Path) -> None:
    sql = "select repeat('ab,', 100) as x"
    assert len(asked.lines(sql, fleet)[1]) == 80
    text = "\n".join(asked.lines(sql, fleet, form="csv"))
    assert [*csv.reader(io.StringIO(text))][1] == ["ab," * 100]


def test_many_rows_are_printed_in_batches(asked: Asked, fleet: Path) -> None:
    lines = asked.lines("select i, 'x' from range(2500) as r(i)", fleet, form="csv")
    assert lines[1:] == [f"{number},x" for number in range(2500)]
    assert len(asked.lines("select i from range(2500) as r(i)", fleet)) == 2501


def test_hosts_of_one_name_are_told_apart(asked: Asked, fleet: Path) -> None:
    sql = "select host, machine_id, count(*) as n from samples group by all order by 2"
    found = asked.objects(sql, fleet)
    assert [one["host"] for one in found] == [name for name, _ in HOSTS.values()]
    assert len({one["machine_id"] for one in found}) == 3


def test_a_host_whose_name_is_a_number_is_a_text(
    asked: Asked, fleet: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(fleet, out)
    for path in out.glob("*/host=build"):
        path.rename(path.with_name("host=0042"))
    found = asked.objects("select distinct host from hosts order by 1", out)
    assert found == [{"host": "0042"}, {"host": "web"}]


def test_recordings_and_exports_answer_alike(
    asked: Asked, fleet: Path, recordings: list[Path]
) -> None:
    sql = (
        "select host, machine_id, count(*), sum(cpu_s) from samples "
        "group by all order by 2"
    )
    assert asked.lines(sql, *recordings) == asked.lines(sql, fleet)
    # What is in both is counted once.
    assert asked.lines(sql, fleet, *recordings) == asked.lines(sql, fleet)


def test_seconds_are_those_of_the_report(asked: Asked, recordings: list[Path]) -> None:
    for folder in recordings:
        totals, groups = report_on(folder, "program")
        found = asked.objects(
            "select case when kernel_thread then '(kernel threads)' else comm end as c,"
            " sum(cpu_s) as s from (select kernel_thread, comm, cpu_s from samples "
            "union all select kernel_thread, comm, cpu_s from exits) group by c",
            folder,
        )
        seconds = {one["c"]: one["s"] for one in found}
        assert seconds.keys() == groups.keys()
        for name, used in groups.items():
            assert seconds[name] == pytest.approx(used.cpu_s, rel=0.005, abs=1e-9)
        ledger = asked.objects(
            "select sum(busy_s) as b, sum(unexplained_s) as u from ledger", folder
        )
        assert ledger[0]["b"] == pytest.approx(totals.busy_s, rel=1e-5)
        assert ledger[0]["u"] == pytest.approx(totals.unexplained_s, rel=1e-4)


# --- files of all kinds ---------------------------------------------------------------


def test_files_of_two_versions_are_read_together(
    asked: Asked, fleet: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(fleet, out)
    (path,) = (out / "exits" / "host=build").rglob("*.parquet")
    with duck.connected() as connection:
        # An older version lacked a column, a newer one has another, in other types.
        connection.execute(
            f"COPY (SELECT * EXCLUDE (killer, pid), pid::VARCHAR AS pid, 7 AS later "  # noqa: S608
            f"FROM read_parquet('{path}', hive_partitioning = false)) TO '{path}'"
        )
    sql = (
        "select host, count(*) as n, count(killer) as k, max(pid) as p "
        "from exits group by 1 order by 1"
    )
    assert asked.objects(sql, out) == [
        {"host": "build", "n": 540, "k": 0, "p": 645},
        {"host": "web", "n": 270, "k": 9, "p": 281},
    ]
    with pytest.raises(UsageError, match="later"):
        ask("select later from exits", [out], "table")


def test_incomplete_files_are_named_and_left_out(
    asked: Asked, fleet: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(fleet, out)
    (cut,) = (out / "exits" / "host=build").rglob("*.parquet")
    cut.write_bytes(cut.read_bytes()[:-20])
    folder = cut.parent
    (folder / ".x.part").write_bytes(b"PAR1")
    (folder / "empty.parquet").touch()
    os.mkfifo(folder / "pipe.parquet")
    found = asked.objects("select count(*) as n from exits", out)
    assert found == [{"n": 270}]
    assert asked.complaints.count("is incomplete, or no Parquet file: left out\n") == 3


def test_damage_inside_a_file_is_one_line(fleet: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(fleet, out)
    (path,) = (out / "exits" / "host=build").rglob("*.parquet")
    raw = bytearray(path.read_bytes())
    raw[4 : len(raw) // 2] = bytes(len(raw) // 2 - 4)
    path.write_bytes(raw)
    with pytest.raises(MontaukError) as caught:
        ask("select max(cmdline), max(comm), sum(cpu_s) from exits", [out], "table")
    assert "\n" not in str(caught.value)


def test_segments_whose_export_has_not_finished_are_left_out(
    asked: Asked, fleet: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(fleet, out)
    (path,) = (out / "hosts" / "host=build").rglob("*.parquet")
    path.unlink()
    found = asked.objects("select distinct host from samples", out)
    assert found == [{"host": "web"}]


def test_a_folder_in_the_name_of_a_date_is_left_out(
    asked: Asked, fleet: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(fleet, out)
    (path,) = (out / "exits" / "host=build").glob("date=*")
    path.rename(path.with_name("date=yesterday"))
    assert asked.objects("select count(*) as n from exits", out) == [{"n": 270}]


# --- refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("copy (select 1) to '{}/x'", "COPY is refused"),
        ("with a as (copy (select 1) to '{}/x') select * from a", "COPY is refused"),
        (
            "with a as (copy (select 1) to '{}/x' (use_tmp_file false)) from a",
            "COPY is refused",
        ),
        (
            "with a as (insert into exits select * from exits returning *) from a",
            "INSERT is refused",
        ),
        ("attach '{}/x'", "ATTACH is refused"),
        ("install httpfs", "LOAD is refused"),
        ("load httpfs", "LOAD is refused"),
        ("create table x as select 1", "CREATE is refused"),
        ("drop view exits", "DROP is refused"),
        ("from pages", "Table with name pages does not exist; the tables are samples"),
        ("set memory_limit = '1GB'", "SET is refused"),
        ("export database '{}/x'", "EXPORT is refused"),
        ("explain analyze select 1", "EXPLAIN is refused"),
        ("call enable_logging()", "CALL is refused"),
        ("select * from enable_logging('x', storage := 'file')", "enable logging is"),
        ("select * from read_csv('/etc/passwd')", "read csv is refused"),
        ("select * from read_text('/etc/passwd')", "read text is refused"),
        ("select * from read_blob('{}/x')", "read blob is refused"),
        ("select * from glob('/etc/*')", "glob is refused"),
        ("select (select max(file) from glob('/*'))", "glob is refused"),
        ("select * from query('copy (select 1) to ''x''')", "query is refused"),
        ("select * from arrow_scan(1, 2, 3)", "arrow scan is refused"),
        ("select * from '/etc/passwd'", "/etc/passwd does not exist"),
        ("select * from '{}/a.csv'", "reads no files but those of its folders"),
        ("select 1; select 2", "there are 2 statements; write one SELECT"),
        ("", "there are no statements"),
        ("selec", "syntax error at or near"),
        ("select nope from exits", 'column "nope" not found'),
        ("select * from files", "files does not exist"),
        ("select pid / 'x' from exits", "Could not convert string 'x'"),
        ("select \x1b[2J", "syntax error"),
        ("select 1 where " + "(" * 5_000, ""),
    ],
)  # fmt: skip
def test_what_is_no_question_is_refused_in_one_line(
    fleet: Path, tmp_path: Path, sql: str, expected: str
) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    with pytest.raises(MontaukError) as caught:
        ask(sql.replace("{}", str(tmp_path)), [fleet], "table")
    line = str(caught.value)
    assert expected in line
    assert line.isprintable()
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_variables_of_the_program_are_no_tables(fleet: Path) -> None:
    sources = [{"a": 1}]
    assert sources
    with pytest.raises(UsageError, match="sources does not exist"):
        ask("select * from sources", [fleet], "table")


def test_a_query_changes_no_file(fleet: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in fleet.rglob("*")}
    (path, *_) = fleet.rglob("*.parquet")
    write = f"copy (select 1) to '{path}' (use_tmp_file false)"
    sql = f"with a as ({write}) from a"
    with pytest.raises(UsageError):
        ask(sql, [fleet], "table")
    ask("select count(*) from exits", [fleet], "table")
    assert {path: path.stat().st_mtime_ns for path in fleet.rglob("*")} == before


@pytest.mark.parametrize(
    "sql",
    [
        "select 1", "values (1)", "from exits", "show tables", "describe exits",
        "with recursive t(n) as (select 1 union all select n + 1 from t) from t",
        "select 'copy' as c union select 'with a as (copy)'",
        "summarize exits", "select unnest([1, 2])", "select * from range(3)",
        "select 1;",
    ],
)  # fmt: skip
def test_what_only_reads_is_not_refused(sql: str) -> None:
    checked(sql)


# --- folders --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("missing", "No such file or directory; name another"),
        ("empty", "there is neither a recording nor an export"),
        ("a=b", "has one of * = ? [ in its path"),
        ("a*", "has one of * = ? [ in its path"),
    ],
)
def test_a_folder_that_has_nothing_is_one_line(
    fleet: Path, tmp_path: Path, name: str, expected: str
) -> None:
    (tmp_path / "empty").mkdir()
    for copy in ("a=b", "a*"):
        shutil.copytree(fleet, tmp_path / copy)
    with pytest.raises(UsageError) as caught:
        ask("select 1", [tmp_path / name], "table")
    assert expected in str(caught.value)
    (tmp_path / "link").symlink_to(tmp_path / "a=b")
    ask("select 1 from exits", [tmp_path / "link"], "table")


@pytest.mark.parametrize(
    "arguments",
    [
        ["query", "select 1", "{}"],
        ["recordings", "export", "--parquet", "{}/out", "{}"],
    ],
)
def test_without_the_extra_there_is_one_line_with_the_remedy(
    tmp_path: Path, arguments: list[str]
) -> None:
    record(tmp_path / "it", "build", seconds=1)
    without = tmp_path / "without"
    without.mkdir()
    (without / "duckdb.py").write_text("raise ImportError('not installed')\n")
    done = subprocess.run(
        [*MONTAUK, *(one.format(tmp_path / "it") for one in arguments)],
        capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(without)},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        "montauk: SQL and Parquet need DuckDB; pip install 'montauk-tui[sql]'\n"
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["query"], "the following arguments are required: SQL"),
        (["query", "select 1", "--json", "--csv"], "not allowed with argument"),
        (["query", "drop table x"], "DROP is refused"),
        (["recordings"], "montauk recordings needs a command"),
        (["recordings", "export"], "arguments are required: --parquet"),
        (["recordings", "export", "--parquet", "/dev/null/x"], "Not a directory"),
    ],
)
def test_wrong_usage_is_one_line(
    tmp_path: Path, arguments: list[str], expected: str
) -> None:
    (tmp_path / "montauk" / "recordings").mkdir(parents=True)
    done = subprocess.run(
        [*MONTAUK, *arguments], capture_output=True, text=True, check=False,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode in (1, 2)
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1
