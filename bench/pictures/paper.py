"""The page of a report, as a browser shows it."""

import subprocess
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image

from bench.pictures.stage import Stage

REPORT: Final = "report"
"""The name of the picture."""

_BROWSER: Final = "chromium"
_RECORDED: Final = "90s"
_SIZE: Final = (1100, 1800)
_DARK: Final = "--blink-settings=preferredColorScheme=0"
_COLOURS: Final = 128


def photograph(stage: Stage, out: Path, montauk: list[str]) -> None:
    """Record the scene, and take a picture of the page that reports it."""
    with tempfile.TemporaryDirectory() as folder:
        recording, page = Path(folder) / "it", Path(folder) / "page.html"
        subprocess.run(
            stage.command(
                [*montauk, "record", "--dir", str(recording), "--duration", _RECORDED]
            ),
            check=True,
        )
        subprocess.run(
            [*montauk, "report", str(recording), "--html", str(page), "--limit", "6"],
            check=True,
        )
        width, height = _SIZE
        subprocess.run(
            [
                _BROWSER, "--headless", "--no-sandbox", "--disable-gpu",
                "--hide-scrollbars", _DARK, f"--window-size={width},{height}",
                f"--screenshot={out.absolute()}", page.as_uri(),
            ],
            check=True, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    with Image.open(out) as shot:
        shot.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(
            out, optimize=True
        )
