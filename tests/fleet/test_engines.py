"""What `make test-fleet` compares, and the programs of docs/fleet.md for it."""

import ast
from pathlib import Path

from montauk_tui.export.fleet.questions import QUESTIONS
from montauk_tui.export.fleet.schema import TABLES
from tests.engines import duckdb_
from tests.engines.asked import differences, read
from tests.engines.books import SHARE, compare
from tests.engines.hosts import GUESTS, Recorded
from tests.engines.page import block
from tests.support.fleet import HOSTS, exported, record
from tests.support.recordings import report_on


def test_the_page_sets_up_every_table() -> None:
    spark = block("Spark", Path("/x"))
    ast.parse(spark)
    assert "/x/{table}" in spark
    statements = [it for it in block("ClickHouse", Path("/x")).split(";") if it.strip()]
    assert len(statements) == len(TABLES)
    for table, statement in zip(TABLES, statements, strict=True):
        assert f"VIEW {table} " in statement
        assert f"'/x/{table}/*/*/*.parquet'" in statement
        assert repr(table).replace("'", '"') in spark


def test_answers_are_compared_value_by_value(tmp_path: Path) -> None:
    record(tmp_path / "build", "build", 5)
    exported(tmp_path / "build", tmp_path / "out")
    answers = tmp_path / "answers"
    duckdb_.main(str(tmp_path / "out"), str(answers))
    found = read(answers)
    assert found.keys() == {question.id for question in QUESTIONS}
    assert differences(found, found) == []
    other = read(answers)
    other["exited"]["rows"][0][-1] += 0.001
    other["busy"]["rows"][0][2] += 0.01
    other["starts"]["rows"].clear()
    wrong = differences(found, other)
    assert [line.partition(":")[0] for line in wrong] == ["busy", "starts"]


def test_books_of_hosts_are_compared(tmp_path: Path) -> None:
    folder = tmp_path / "build"
    record(folder, folder.name, 5)
    exported(folder, tmp_path / "out")
    _, groups = report_on(folder, "cgroup")
    name, used = max(groups.items(), key=lambda it: it[1].cpu_s)
    for charged_s, is_wrong in ((used.cpu_s, False), (used.cpu_s * 1.006, True)):
        host = Recorded(folder, name, charged_s)
        first, *others = compare([host], tmp_path / "out")
        assert list(first.seconds) == ["cgroup", "report", "SQL"]
        assert (first.difference > SHARE) is is_wrong
        assert {str(it).partition(":")[0] for it in others} >= {"build, cc1"}
        assert all(it.difference <= SHARE for it in others)
    assert GUESTS.keys() == HOSTS.keys()
