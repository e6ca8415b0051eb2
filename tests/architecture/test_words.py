"""Code and texts of the lower packages keep to the glossary in docs/architecture.md."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

PACKAGE: Final = Path(__file__).parents[2] / "montauk_tui"
FOLDERS: Final = ("actions", "collectors", "engine", "host", "model", "pipeline")
FILES: Final = sorted(
    str(file.relative_to(PACKAGE))
    for folder in FOLDERS
    for file in (PACKAGE / folder).rglob("*.py")
)

NAME: Final = re.compile(
    r"(^|_)(ended|ends|gone|dear|told|untold|lives|ghosts?|lineage|books)(_|$)"
)
"""Parts of names that have a standard term: exited, expensive, reported, orphans."""

PUBLIC: Final = {"ended_s", "_ends_phrase"}
"""A field of queries, and the end of a phrase in a query."""

TEXT: Final = re.compile(
    r"\b(told|untold|dear|gone|(who|what|that|has|have|had) ended|tells? (no|of)\b)"
)


def names_in(text: str) -> Iterator[str]:
    """Yield the names that a module defines."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def texts_in(text: str) -> Iterator[str]:
    """Yield comments and strings of a module."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            yield token.string


@pytest.mark.parametrize("file", FILES)
def test_names_are_those_of_the_glossary(file: str) -> None:
    names = {Path(file).stem, *names_in((PACKAGE / file).read_text("utf-8"))}
    assert {name for name in names - PUBLIC if NAME.search(name.lower())} == set()


@pytest.mark.parametrize("file", FILES)
def test_texts_use_the_words_of_the_glossary(file: str) -> None:
    texts = texts_in((PACKAGE / file).read_text("utf-8"))
    assert [text for text in texts if TEXT.search(text)] == []


def test_the_word_lists_find_what_they_are_for() -> None:
    code = 'def ended_only(told_s):\n    """Return what ended."""\n'
    assert [bool(NAME.search(name)) for name in names_in(code)] == [True, True]
    assert [bool(TEXT.search(text)) for text in texts_in(code)] == [True]
