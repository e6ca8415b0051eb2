"""What a settings file may hold, and the line for each error."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui import config
from montauk_tui.config import Settings, TabSettings
from montauk_tui.config.paths import user_themes
from montauk_tui.config.reading import from_document
from montauk_tui.errors import UsageError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_a_key_of_a_tab_that_is_nearly_one_brings_that() -> None:
    wrong = {"tabs": [{"name": "x", "colums": ["pid"]}]}
    _, problems = from_document(wrong)
    assert problems == ["[[tabs]] 'x': unknown key 'colums'; did you mean 'columns'?"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["user:12", "USER:9", "pid"], ("user:12", "pid")),
        (["pid", "user", "user:9"], ("pid", "user")),
        (["user:14", "user"], ("user:14",)),
    ],
)
def test_of_two_widths_for_one_column_the_first_counts(
    written: list[str], expected: tuple[str, ...]
) -> None:
    settings, problems = from_document({"columns": written})
    assert problems == []
    assert [it for it in settings.columns if it != "command"] == [*expected]


BAD_FILES = {
    "unknown key": ("colour = 1\n", ["'colour'", "remove it", "theme"]),
    "nearly a key": ("intervall = 1\n", ["'intervall'; did you mean 'interval'?"]),
    "nearly a column": (
        "sort = 'cpuu'\n",
        ["'cpuu'; did you mean 'cpu'? Using the default"],
    ),
    "unknown table": ("[screen]\ntheme = 'x'\n", ["'screen'", "remove it"]),
    "number for text": ("theme = 3\n", ["'theme'", "quotes", "using the default"]),
    "text for truth": ("tree = 'yes'\n", ["'tree'", "true or false"]),
    "number for truth": ("tree = 1\n", ["'tree'", "true or false"]),
    "truth for duration": ("interval = true\n", ["'interval'", "500ms"]),
    "list for duration": ("interval = [1]\n", ["'interval'", "500ms"]),
    "no duration": ("interval = 'soon'\n", ["'interval'", "'soon'", "500ms"]),
    "too short": ("interval = 0\n", ["'interval'", "0.1 to 3600 seconds"]),
    "negative": ("interval = -1\n", ["'interval'", "0.1 to 3600 seconds"]),
    "tiny": ("interval = 1e-9\n", ["'interval'", "0.1 to 3600 seconds"]),
    "not a number": ("interval = nan\n", ["'interval'", "0.1 to 3600 seconds"]),
    "infinite": ("interval = inf\n", ["'interval'", "0.1 to 3600 seconds"]),
    "huge": ("interval = 0x" + "f" * 9000 + "\n", ["'interval'", "0.1 to 3600"]),
    "two lines": ('interval = "\\n9999\\n"\n', ["'interval'", "0.1 to 3600"]),
    "unknown column": ("sort = 'colour'\n", ["'sort'", "'colour'", "cpu_pct"]),
    "column as number": ("sort = 1\n", ["'sort'", "quotes"]),
    "columns as text": ("columns = 'pid'\n", ["'columns'", '["pid"']),
    "no columns": ("columns = []\n", ["'columns'", '["pid"']),
    "a bad column": ("columns = ['pid', 'x']\n", ["'columns'", "'x'", "cpu_pct"]),
    "meters as text": ("meters = 'cpu'\n", ["'meters'", '["cpu"']),
    "meters of numbers": ("meters = [1]\n", ["'meters'", '["cpu"']),
    "a bad meter": ("meters = ['cpu', 'x']\n", ["'meters'", "'x'", "network"]),
    "a bad style": ("meters = ['cpu:text']\n", ["'meters'", "'text'", "average"]),
    "a width of nothing": ("columns = ['pid:x']\n", ["'columns'", "'x'", "user:12"]),
    "too narrow": ("columns = ['pid:4']\n", ["'pid'", "4 cells", "5 to 200"]),
    "too wide": ("columns = ['user:201']\n", ["'user'", "201 cells", "5 to 200"]),
    "endlessly wide": (f"columns = ['user:{'9' * 50}']\n", ["is not a width"]),
    "a wide command": ("columns = ['command:9']\n", ["'command'", "rest of the line"]),
    "keys as text": ("keys = 'f9'\n", ["'keys'", "[keys]", "act.kill"]),
    "a key as number": ("[keys]\n'act.kill' = 9\n", ["[keys]", "act.kill", "quotes"]),
    "tabs as text": ("tabs = 'x'\n", ["'tabs'", "[[tabs]]"]),
    "a tab of text": ("tabs = ['x']\n", ["'tabs'", "[[tabs]]"]),
    "a tab without name": ("[[tabs]]\nsort = 'pid'\n", ["no name", "ignoring"]),
    "an empty name": ("[[tabs]]\nname = ' '\n", ["not a tab name"]),
    "main as a tab": ("[[tabs]]\nname = 'Main'\n", ["outside [[tabs]]"]),
    "order as text": ("tab_order = 'main'\n", ["'tab_order'", '["main"']),
    "columns of numbers": ("columns = [1]\n", ["'columns'", "quotes"]),
    "no TOML": ("theme\n", ["line 1", "using the defaults"]),
    "a key twice": ("tree = true\ntree = true\n", ["line 2", "using the defaults"]),
    "an endless number": ("interval = " + "9" * 9000 + "\n", ["using the defaults"]),
    "deep brackets": ("columns = " + "[" * 50000 + "\n", ["using the defaults"]),
    "a control character": ('"a\\u001b[2J\\n\\u202e" = 1\n', [r"a\x1b[2J", "u202e"]),
    "a hostile value": ('sort = "\\u001b[2J\\n"\n', [r"\x1b[2J"]),
    "a hostile duration": ('interval = "\\u001b]0;x\\u0007"\n', [r"\x1b]0;x\x07"]),
}


@pytest.mark.parametrize(("text", "hints"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_what_is_wrong_is_said_in_a_line_and_keeps_its_default(
    file: Path, text: str, hints: list[str]
) -> None:
    file.write_text(text)
    settings, warnings = config.from_file(file)
    assert settings == Settings()
    assert len(warnings) == 1
    for hint in [str(file), *hints]:
        assert hint in warnings[0]
    assert warnings[0].isprintable()


def test_what_is_right_beside_it_counts(file: Path) -> None:
    file.write_text("tree = 1\nascii = true\ncolour = 1\ninterval = 2\n")
    settings, warnings = config.from_file(file)
    assert settings == Settings(ascii=True, interval_s=2.0)
    assert len(warnings) == 2


def test_a_file_that_is_no_text(file: Path) -> None:
    file.write_bytes(b'theme = "\xff"\n')
    settings, warnings = config.from_file(file)
    assert settings == Settings()
    assert len(warnings) == 1
    assert str(file) in warnings[0]
    assert "utf-8" in warnings[0]


def test_a_folder_in_place_of_the_file(file: Path) -> None:
    file.mkdir()
    settings, warnings = config.from_file(file)
    assert settings == Settings()
    assert len(warnings) == 1
    assert str(file) in warnings[0]
    assert "using the defaults" in warnings[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read(file: Path) -> None:
    file.write_text("tree = true\n")
    file.chmod(0)
    settings, warnings = config.from_file(file)
    assert settings == Settings()
    assert len(warnings) == 1
    assert "Permission denied" in warnings[0]


def test_a_path_with_control_characters_is_not_printed_raw(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[2J\nb.toml"
    path.write_text("colour = 1\n")
    _, warnings = config.from_file(path)
    assert len(warnings) == 1
    assert warnings[0].isprintable()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1", 1.0),
        ("1.5", 1.5),
        (".5", 0.5),
        ("2.", 2.0),
        (" 2 s ", 2.0),
        ("500ms", 0.5),
        ("0.1", 0.1),
        ("1m", 60.0),
        ("60m", 3600.0),
        ("3600", 3600.0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert config.parse_duration(text) == pytest.approx(seconds)


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_refused_in_one_line(text: str) -> None:
    try:
        seconds = config.parse_duration(text)
    except UsageError as error:
        printable = str(error).isprintable()
    else:
        printable = 0.1 <= seconds <= 3600
    assert printable


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "[[tabs]]\nname = 'A'\ncolumns = 1\n",
            "[[tabs]] 'A': bad value for 'columns'",
        ),
        ("[[tabs]]\nname = 'A'\n" * 2, "[[tabs]]: two are called 'A'; rename one"),
        ("[[tabs]]\nname = 'A'\nrows = 'x'\n", "unknown rows called 'x'"),
        ("".join(f"[[tabs]]\nname = '{it}'\n" for it in range(51)), "more than 50"),
    ],
)
def test_a_tab_with_an_error_costs_that_and_no_other(
    file: Path, text: str, line: str
) -> None:
    file.write_text(text)
    settings, warnings = config.from_file(file)
    assert [line in warning for warning in warnings] == [True]
    assert len(settings.tabs) == min(text.count("name"), 50) - ("two" in line)


@pytest.mark.parametrize("written", ['"x"', '["x", "y"]'])
def test_a_key_is_one_or_a_list(file: Path, written: str) -> None:
    file.write_text(f'[keys]\n"act.kill" = {written}\n')
    keys = tuple("xy" if "[" in written else "x")
    assert config.from_file(file) == (Settings(keys={"act.kill": keys}), [])


def test_a_list_longer_than_anybody_needs_is_refused(file: Path) -> None:
    file.write_text(f"tab_order = {['main'] * 1_001}\n")
    settings, (warning,) = config.from_file(file)
    assert settings == Settings()
    assert "entries; remove duplicates" in warning


def test_a_filter_longer_than_anybody_types_is_refused(file: Path) -> None:
    file.write_text(f'filter = "{"x" * 10_001}"\n')
    settings, (warning,) = config.from_file(file)
    assert settings == Settings()
    assert "10,000 characters" in warning


@pytest.mark.parametrize(("written", "linger_s"), [("0", 0.0), ("'0s'", 0.0), ("2", 2)])
def test_exited_processes_may_linger_not_at_all(
    file: Path, written: str, linger_s: float
) -> None:
    file.write_text(f"linger = {written}\n")
    assert config.from_file(file) == (Settings(linger_s=linger_s), [])


def test_a_collector_that_is_not_installed_is_reported(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    file.write_text('collector = "netlinc"\n')
    monkeypatch.setenv("MONTAUK_CONFIG", str(file))
    settings, (warning,) = config.load(["netlink", "traditional"])
    assert settings == Settings()
    assert "'netlinc'; did you mean 'netlink'? Using the default" in warning


def test_the_environment_names_collector_and_file(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    monkeypatch.setenv("MONTAUK_COLLECTOR", "netlink")
    monkeypatch.setenv("MONTAUK_CONFIG", str(file))
    settings, (warning,) = config.load()
    assert settings == Settings(collector="netlink")
    assert "MONTAUK_CONFIG names a file that does not exist" in warning
    monkeypatch.setenv("XDG_CONFIG_HOME", str(file.parent))
    assert user_themes() == file.parent / "montauk" / "themes"


def test_tabs_and_their_rows_are_named(file: Path) -> None:
    tab = '[[tabs]]\nname = "Mail"\nrows = "exited"\n'
    file.write_text(f'tab_order = [" Mail", "Main", "mail"]\n{tab}')
    settings, warnings = config.from_file(file)
    assert warnings == []
    assert settings.tab_order == ("mail", "main")
    assert settings.tabs == (TabSettings("Mail", rows="exited"),)


def test_a_key_of_too_many_parts_is_not_read(file: Path) -> None:
    file.write_text(f"{'.'.join('a' * 1_000)} = 1\n")
    settings, (warning,) = config.from_file(file)
    assert settings == Settings()
    assert "a key has more than " in warning


@pytest.mark.parametrize(
    ("written", "setting", "value"),
    [
        ("remember = 0", "remember_s", 0.0),
        ("remember = 90", "remember_s", 90.0),
        ('remember = "1h30m"', "remember_s", 5400.0),
        ('remember_size = "1m"', "remember_bytes", 1 << 20),
        ("remember_size = 33554432", "remember_bytes", 32 << 20),
        ('timeline = "on"', "timeline", "on"),
    ],
)
def test_how_much_is_remembered_and_shown(
    file: Path, written: str, setting: str, value: object
) -> None:
    file.write_text(f"{written}\n")
    settings, problems = config.from_file(file)
    assert problems == []
    assert getattr(settings, setting) == value


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("remember = -1", "a duration of 0 to a day"),
        ("remember = true", "a duration of 0 to a day"),
        ('remember = "2d"', "a duration of 0 to a day"),
        ("remember_size = 1000", "a size of 1 MiB to 4 GiB"),
        ('remember_size = "much"', "a size of 1 MiB to 4 GiB"),
        ("remember_size = false", "a size of 1 MiB to 4 GiB"),
        ('timeline = "maybe"', "maybe"),
    ],
)
def test_what_cannot_be_remembered_is_said(
    file: Path, written: str, problem: str
) -> None:
    file.write_text(f"{written}\n")
    settings, problems = config.from_file(file)
    assert settings == Settings()
    assert len(problems) == 1
    assert problem in problems[0]
