"""Gathers the documents for the site and builds it: `make site`.

The pages at the top of the repository link to `docs/`, and those in `docs/` to each
other. The site has them all in one folder, the README as its first page.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
CONFIG: Final = ROOT / "scripts" / "mkdocs.yml"
PAGES: Final = ROOT / "build" / "pages"

AT_THE_TOP: Final = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "SECURITY.md": "reporting.md",  # security.md is another, which some systems mix up
    "CHANGELOG.md": "CHANGELOG.md",
    "LICENSE": "LICENSE",
}
"""Files of the top, and their names in the site."""


def moved(text: str) -> str:
    """Return a page of the top with the links that it has in the site."""
    text = text.replace("](docs/", "](")
    for name, there in AT_THE_TOP.items():
        text = text.replace(f"]({name}", f"]({there}")
    return text


def gather(pages: Path) -> None:
    """Write all pages and pictures into a folder, which is replaced."""
    shutil.rmtree(pages, ignore_errors=True)
    shutil.copytree(ROOT / "docs", pages)
    for name, there in AT_THE_TOP.items():
        text = (ROOT / name).read_text("utf-8")
        (pages / there).write_text(moved(text), "utf-8")


def main() -> int:
    """Build the site; warnings of links and of the list of pages are errors."""
    gather(PAGES)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(CONFIG)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
