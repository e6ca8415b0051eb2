"""The generated parts of docs/fleet.md."""

from montauk_tui.export.fleet.questions import QUESTIONS
from montauk_tui.export.fleet.schema import TABLES


def questions() -> str:
    """Return the questions with their SQL."""
    return "\n\n".join(
        f"{number}. {one.asks}\n\n```sql\n{one.sql}\n```"
        for number, one in enumerate(QUESTIONS, 1)
    )


def tables() -> str:
    """Return the columns of each table."""
    found = []
    for name, columns in TABLES.items():
        rows = [
            f"| `{it.name}` | {it.type} | {it.unit} | {it.meaning} |" for it in columns
        ]
        heading = ["| column | type | unit | meaning |", "|---|---|---|---|"]
        found.append("\n".join([f"### {name}", "", *heading, *rows]))
    return "\n\n".join(found)
