"""What stands at the top of the repository, how long files are, what is checked."""

import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]

AT_THE_TOP: Final = {
    ".ci", ".clang-format", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE",
    "Makefile", "README.md", "bench", "docs", "montauk_tui", "probes", "pyproject.toml",
    "scripts", "tests", "themes",
    # Where GitHub looks for the forms of issues, and for how to report in private.
    ".github", "SECURITY.md",
    # Completions for shells, generated from the parser, which the wheel installs.
    "completions",
}  # fmt: skip


MOST_LINES: Final = 400

SHELLS: Final = (b"#!/bin/sh", b"#!/usr/bin/env bash")


def tracked() -> list[str]:
    """Return the files of the repository; none outside of a checkout."""
    done = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip("this is no checkout")
    return done.stdout.splitlines()


def test_nothing_stray_stands_at_the_top() -> None:
    assert {name.partition("/")[0] for name in tracked()} <= AT_THE_TOP


def test_every_shell_script_is_checked() -> None:
    makefile = (ROOT / "Makefile").read_text()
    files = [ROOT / name for name in tracked() if (ROOT / name).is_file()]
    scripts = [file for file in files if file.read_bytes().startswith(SHELLS)]
    assert scripts
    for name in scripts:
        assert str(name.relative_to(ROOT)) in makefile


def test_no_source_or_test_is_longer_than_can_be_read_at_once() -> None:
    """Split a long file by what it is about, or shrink it with a table or a fixture."""
    files = [ROOT / name for name in tracked() if name.endswith((".py", ".c", ".h"))]
    sizes = {
        file: len(file.read_bytes().splitlines()) for file in files if file.is_file()
    }
    assert len(sizes) > 500
    too_long = {
        str(file.relative_to(ROOT)): size
        for file, size in sizes.items()
        if size > MOST_LINES
    }
    assert not too_long
