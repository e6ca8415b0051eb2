"""The documents as a site: every page has its place, and links lead to its pages."""

import re
from pathlib import Path
from typing import Final

from scripts import site

DOCS: Final = site.ROOT / "docs"


def test_every_page_has_a_place_in_the_list_of_pages() -> None:
    listed = re.findall(r"^ +- (\S+\.md)$", site.CONFIG.read_text(), re.MULTILINE)
    at_the_top = [name for name in site.AT_THE_TOP.values() if name.endswith(".md")]
    pages = [page.name for page in DOCS.glob("*.md")]
    assert sorted(listed) == sorted([*pages, *at_the_top, "decisions/README.md"])


def test_pages_are_gathered_with_links_between_them(tmp_path: Path) -> None:
    (tmp_path / "old.md").write_text("removed")
    site.gather(tmp_path)
    assert not (tmp_path / "old.md").exists()
    assert "](CONTRIBUTING.md)" in (tmp_path / "index.md").read_text("utf-8")
    assert "](reporting.md)" in (tmp_path / "CONTRIBUTING.md").read_text("utf-8")
    for page in tmp_path.glob("*.md"):
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
            assert "://" in target or (tmp_path / target).is_file(), target
