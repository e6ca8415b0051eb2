"""What docs/fleet.md says for other engines: they are set up by its own lines."""

import re
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[2] / "docs" / "fleet.md"
_FOLDER: Final = "/var/lib/fleet"


def block(heading: str, folder: Path) -> str:
    """Return the program below a heading, for the files in a folder."""
    text = PAGE.read_text("utf-8").partition(f"\n## {heading}\n")[2]
    found = re.search(r"^```(?:python|sql)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found, f"docs/fleet.md has no program for {heading}"
    return found[1].replace(_FOLDER, str(folder))
