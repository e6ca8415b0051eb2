"""The answers of an engine with the time that each took, as a file of JSON."""

import json
import math
import re
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from montauk_tui.export.fleet.questions import QUESTIONS

_TIMES: Final = 2
_LEAST: Final = 0.0015
"""By which numbers may differ: each engine rounds halves in its own way."""
_CLOCK: Final = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.0+)?Z?")


def ask_all(ask: Callable[[str], Sequence[Sequence[Any]]], path: Path) -> None:
    """Ask all questions, each twice; write rows and the shorter time."""
    found = {}
    for question in QUESTIONS:
        seconds = math.inf
        for _ in range(_TIMES):
            began = time.perf_counter()
            rows = ask(question.sql)
            seconds = min(seconds, time.perf_counter() - began)
        found[question.id] = {
            "rows": [[_plain(value) for value in row] for row in rows],
            "seconds": seconds,
        }
    path.write_text(json.dumps(found), "utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        value = value.replace(tzinfo=None).isoformat()
    if isinstance(value, str) and (match := _CLOCK.fullmatch(value)):
        return f"{match[1]} {match[2]}"
    return value


def read(path: Path) -> dict[str, Any]:
    """Return what was written."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Return the questions that two engines answer differently, a line each."""
    found = []
    for question in QUESTIONS:
        rows, others = (it[question.id]["rows"] for it in (one, other))
        if len(rows) != len(others) or not all(map(_are_alike, rows, others)):
            found.append(f"{question.id}: {rows[:3]} and {others[:3]}")
    return found


def _are_alike(row: Sequence[Any], other: Sequence[Any]) -> bool:
    return len(row) == len(other) and all(
        math.isclose(a, b, rel_tol=1e-9, abs_tol=_LEAST)
        if isinstance(a, int | float) and isinstance(b, int | float)
        else a == b
        for a, b in zip(row, other, strict=True)
    )
