"""Entry points of packages on the path."""

import sys
from importlib import metadata
from pathlib import Path

import pytest

from montauk_tui.collectors.installed import EntryPoint, entry_points

GROUP = "montauk.collectors"

TEXT = """
[console_scripts]
other = other:main

[montauk.collectors]
# a comment
one = sys:version
two=os.path:join [extra]
broken

[more]
three = sys:path
"""


@pytest.mark.parametrize("group", [GROUP, "console_scripts", "pytest11"])
def test_it_finds_what_the_standard_library_finds(group: str) -> None:
    theirs = {
        # Extras of a package do not tell what it offers.
        (it.name, it.value.partition("[")[0].strip())
        for it in metadata.entry_points(group=group)
    }
    assert {tuple(point) for point in entry_points(group=group)} == theirs
    assert theirs


def test_of_a_file_only_the_lines_of_the_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "made-1.dist-info").mkdir()
    (tmp_path / "made-1.dist-info/entry_points.txt").write_text(TEXT)
    (tmp_path / "without-1.dist-info").mkdir()
    (tmp_path / "binary-1.egg-info").mkdir()
    (tmp_path / "binary-1.egg-info/entry_points.txt").write_bytes(b"\xff\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "missing")])
    one, two = entry_points(group=GROUP)
    assert one == EntryPoint("one", "sys:version")
    assert one.load() is sys.version
    assert (two.name, two.value) == ("two", "os.path:join")
    assert entry_points(group="nothing") == []
    # A start asks ten times: the files are read once.
    monkeypatch.setattr(Path, "read_text", None)
    assert entry_points(group=GROUP, name="one") == [one]


def test_what_cannot_be_imported_says_so() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        EntryPoint("lost", "no_such_module:it").load()
    with pytest.raises(AttributeError, match="nothing_like_it"):
        EntryPoint("lost", "sys:nothing_like_it").load()
