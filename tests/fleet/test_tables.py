"""Exports of the tables that a query names: the same rows, and no others."""

from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from montauk_tui.export.fleet.asking import ask
from montauk_tui.export.fleet.exporting import export
from montauk_tui.export.fleet.parquet import ParquetFiles
from montauk_tui.export.fleet.schema import TABLES, named_in
from montauk_tui.recorder.folder import Folder
from tests.support.fleet import exported, record


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("it") / "it"
    record(path, "build")
    return path


@pytest.fixture(scope="module")
def whole(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "out"
    exported(recording, out)
    return out


def rows(out: Path, table: str) -> list[str]:
    with closing(duckdb.connect()) as connection:
        found = connection.sql(f"SELECT * FROM '{out}/{table}/*/*/*.parquet'")  # noqa: S608
        return sorted(map(repr, found.fetchall()))


@pytest.mark.parametrize("table", TABLES)
def test_a_table_alone_has_its_rows(
    table: str, recording: Path, whole: Path, tmp_path: Path
) -> None:
    with closing(Folder.opened(recording)) as folder:
        export(folder, tmp_path, tables=frozenset({table}))
    assert {path.name for path in tmp_path.iterdir()} == {table, "hosts"}
    assert rows(tmp_path, table) == rows(whole, table)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the tables that are written from now on."""
    tables: list[str] = []
    write = ParquetFiles.write

    def noted(self: ParquetFiles, table: str, *given: object, **more: object) -> None:
        tables.append(table)
        write(self, table, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(ParquetFiles, "write", noted)
    return tables


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT count(*) FROM exits", {"exits"}),
        ("select count(*) from Ledger join EXECS using (host)", {"ledger", "execs"}),
        ("SELECT 1", set(TABLES)),
        ("SELECT 'samples'", {"samples"}),
    ],
)
def test_a_query_has_the_tables_that_it_names(
    sql: str, tables: set[str], recording: Path, written: list[str]
) -> None:
    ask(sql, [recording], "csv")
    assert named_in(sql) == tables
    assert set(written) == tables | {"hosts"}
