"""Files that the documents name exist."""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
_FILE: Final = re.compile(r"`([\w./*-]+\.(?:py|c|h|sh))`")
_EXAMPLES: Final = {"montauk_forks.py", "NAME.c", "NAME.h", "probes/NAME.c"}


def missing(page: str) -> list[str]:
    """Return the paths of a page, or their ends, that no file has."""
    named = set(_FILE.findall(page)) - _EXAMPLES
    return sorted(
        name for name in named if not any(ROOT.glob(name)) and not _ends_with(name)
    )


def _ends_with(name: str) -> bool:
    folders = ("montauk_tui", "probes", "tests", "bench", "scripts")
    return any(any((ROOT / folder).rglob(name)) for folder in folders)


@pytest.mark.parametrize("page", PAGES, ids=lambda it: it.name)
def test_every_file_that_is_named_exists(page: Path) -> None:
    assert missing(page.read_text("utf-8")) == []


def test_a_file_that_does_not_exist_is_found() -> None:
    assert missing("`engine/nothing.py` and `engine/tree.py`") == ["engine/nothing.py"]
