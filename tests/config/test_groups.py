"""The groups of the exporter in the settings file."""

from pathlib import Path

import pytest

from montauk_tui.config import Settings, from_file


def read(tmp_path: Path, text: str) -> tuple[Settings, list[str]]:
    file = tmp_path / "config.toml"
    file.write_text(text)
    settings, problems = from_file(file)
    return settings, [line.removeprefix(f"{file}: ") for line in problems]


def test_groups_are_queries_by_name(tmp_path: Path) -> None:
    text = '[groups]\nweb = "name = nginx"\n"all of root" = "user = root"\n'
    settings, problems = read(tmp_path, text)
    assert problems == []
    assert settings.groups == {"web": "name = nginx", "all of root": "user = root"}
    assert list(settings.groups) == ["web", "all of root"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("groups = 1", "bad value for 'groups': it is not a table; write [groups]"),
        ('[groups]\nweb = "cpu >"', "[groups]: 'web': column 6: "),
        ("[groups]\nweb = 3", "[groups]: 'web': it is not text"),
        ('[groups]\nother = "a"', "[groups]: 'other': it is not a name for a group"),
        ('[groups]\n"" = "a"', "[groups]: '': it is not a name for a group"),
        (f'[groups]\n{"x" * 101} = "a"', "it is not a name for a group"),
    ],
)
def test_an_invalid_group_is_one_line_and_left_out(
    tmp_path: Path, text: str, line: str
) -> None:
    settings, problems = read(tmp_path, text)
    assert settings.groups == {}
    assert len(problems) == 1
    assert line in problems[0]


def test_there_may_be_two_hundred(tmp_path: Path) -> None:
    rows = "".join(f'g{number} = "pid = {number}"\n' for number in range(201))
    settings, problems = read(tmp_path, f"[groups]\n{rows}")
    assert len(settings.groups) == 200
    assert problems == ["[groups]: more than 200; ignoring the rest"]


def test_a_hostile_name_is_made_visible(tmp_path: Path) -> None:
    settings, _ = read(tmp_path, '[groups]\n"a\\u001b[31m" = "x"\n')
    assert list(settings.groups) == [r"a\x1b[31m"]
