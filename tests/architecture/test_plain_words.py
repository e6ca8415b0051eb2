"""Words that documents, messages, docstrings and comments do not use."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]

WORDS: Final = {
    r"dear(?:ly)?": "expensive",
    r"told": "reported",
    r"(?<![Tt]here )(?:is|are) none": "is not a ..., unknown",
    r"who (?:ended|lives?|dies|died)": "exited, live",
    r"of one's own": "custom",
    r"(?:has|have|had) ended": "exited",
    r"(?:processes|those|what|one) that end(?:s|ed)?": "exited processes",
    r"what (?:ended|lives)": "exited, live",
    r"that lives?": "live",
    r"not to be had": "unavailable",
    r"given away": "reused, reserved",
    r"mend(?:s|ed)?": "fix",
    r"(?:the|our) books": "ledger",
    r"closer look": "process details",
    r"the one before": "previous",
    r"everybody else": "others",
}
"""Patterns, case-sensitive and whole words, and what to say in their place."""

_BAD: Final = re.compile("|".join(rf"\b(?:{word})\b" for word in WORDS))
_MADE: Final = re.compile(r"<!-- docs: .*?<!-- end -->", re.DOTALL)

FOLDERS: Final = [
    *(ROOT / folder for folder in ("montauk_tui", "bench", "scripts")),
]
"""The source that is held to it."""

PAGES: Final = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    ROOT / "docs" / "montauk.1",
]


def prose(source: str) -> Iterator[tuple[int, str]]:
    """Yield the strings and comments of a module, each with its line."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_part = tokenize.tok_name[token.type].startswith("FSTRING_MIDDLE")
        if is_part or token.type in (tokenize.COMMENT, tokenize.STRING):
            yield token.start[0], token.string


def found(text: str, line: int = 1) -> list[str]:
    """Return the words of a text that should be others, each with its line."""
    return [
        f"line {line + text.count(chr(10), 0, match.start())}: {match[0]!r}"
        for match in _BAD.finditer(text)
    ]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda it: str(it.relative_to(ROOT)))
def test_source_uses_the_plain_word(folder: Path) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}, {place}"
        for path in sorted(folder.rglob("*.py"))
        for line, text in prose(path.read_text("utf-8"))
        for place in found(text, line)
    ]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda it: str(it.relative_to(ROOT)))
def test_documents_use_the_plain_word(page: Path) -> None:
    """Generated parts are those of the tables they come from."""
    assert found(_MADE.sub("", page.read_text("utf-8"))) == []


def test_the_list_finds_its_words() -> None:
    assert found("it is\ntold that whoever ends is none of these") == [
        "line 2: 'told'",
        "line 2: 'is none'",
    ]
    assert found("where there is none, told_until_ns, an untold story") == []
