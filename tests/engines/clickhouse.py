"""ClickHouse's engine: `python -m tests.engines.clickhouse OUT ANSWERS`."""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.engines.asked import ask_all
from tests.engines.page import block


def main(folder: str, answers: str) -> None:
    """Ask all questions."""
    session: Any = import_module("chdb.session").Session()
    session.query("CREATE DATABASE fleet")
    session.query("USE fleet")
    for statement in block("ClickHouse", Path(folder)).split(";"):
        if statement.strip():
            session.query(statement)

    def ask(sql: str) -> list[list[Any]]:
        found: list[list[Any]] = json.loads(str(session.query(sql, "JSONCompact")))[
            "data"
        ]
        return found

    ask_all(ask, Path(answers))


if __name__ == "__main__":
    main(*sys.argv[1:])
