"""Rows of results: read from what the checks wrote, set out as a table."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple, cast

Word = Literal["pass", "FAIL", "skip"]

_ROW = re.compile(r"(pass|FAIL|skip) (\S+)(?: (.*))?")


class Row(NamedTuple):
    """One result."""

    kernel: str
    check: str
    word: Word
    detail: str = ""


def rows(kernel: str, names: Iterable[str], results: Path) -> list[Row]:
    """Return what the checks said, and a row for each that did not end well."""
    found: list[Row] = []
    for name in names:
        said = parse(kernel, text_of(results / f"{name}.rows"))
        code = text_of(results / f"{name}.code").strip()
        found += said
        check = name.replace("_", "-")
        if code != "0":
            found.append(Row(kernel, check, "FAIL", ending(code)))
        elif not said:
            found.append(Row(kernel, check, "FAIL", "said nothing"))
    return found


def parse(kernel: str, text: str) -> list[Row]:
    """Return the rows among the lines that a check printed."""
    matches = map(_ROW.fullmatch, map(str.rstrip, text.splitlines()))
    return [
        Row(kernel, match[2], cast("Word", match[1]), match[3] or "")
        for match in matches
        if match
    ]


def ending(code: str) -> str:
    """Return in words how a check ended that did not end well."""
    if not code:
        return "did not come to its end"
    return "took too long" if code in ("124", "137") else f"ended with {code}"


def text_of(file: Path) -> str:
    """Return what is in a file, if anything."""
    try:
        return file.read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def table(found: Iterable[Row]) -> str:
    """Return the rows as a table that is also one in Markdown."""
    cells = [("kernel", "check", "result")]
    cells += [
        (row.kernel, row.check, f"{row.word} {row.detail}".strip().replace("|", "\\|"))
        for row in found
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, ("-" * widths[0], "-" * widths[1], "-" * widths[2]))
    lines = (
        " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in cells
    )
    return "\n".join(f"| {line} |" for line in lines)
