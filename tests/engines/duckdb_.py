"""DuckDB, as `montauk query` asks it: `python -m tests.engines.duckdb_ OUT ANSWERS`."""

import sys
from pathlib import Path
from typing import Any

from montauk_tui.export.fleet.database import Answer, Tables, opened
from montauk_tui.export.fleet.sources import files_of
from tests.engines.asked import ask_all


def main(folder: str, answers: str) -> None:
    """Ask all questions."""
    connection = opened([Tables(files_of(Path(folder)).by_table)])

    def ask(sql: str) -> list[tuple[Any, ...]]:
        return Answer(connection, sql).batch(1 << 20)

    ask_all(ask, Path(answers))


if __name__ == "__main__":
    main(*sys.argv[1:])
