"""The settings: which source counts, and what is said about a bad file."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui import cli, config
from montauk_tui.cli import monitor as monitor_command
from montauk_tui.collectors import registry
from montauk_tui.config import Settings, TabSettings
from montauk_tui.config.option import Option
from montauk_tui.config.options import OPTIONS
from montauk_tui.config.reading import from_document
from montauk_tui.errors import UsageError
from montauk_tui.export import commands
from tests.cli.conftest import Command

EVERY_KEY = """\
collector = "traditional"
interval = "500ms"
theme = "monochrome"
columns = ["pid", "CPU%", "command", "pid"]
meters = ["cpu:graph", "memory:bar", "cpu:graph"]
sort = "RES"
descending = false
filter = "a|b"
tree = true
kernel_threads = true
user_threads = true
machine_scale = true
ascii = true
mouse = false
panel = false
linger = 0
read_only = true
paths = false
tab_order = ["Web", "main"]
keys = { "act.kill" = "x", act.io = ["f9", "y"], "act.nice_lower" = [] }
tabs = [{ name = "Web", filter = "nginx", columns = ["pid", "USER:12"], sort = "RES" }]
"""


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return where the settings file is looked for; it is not there."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    path = tmp_path / "settings" / "montauk" / "config.toml"
    path.parent.mkdir(parents=True)
    return path


Chosen = Callable[..., Settings]


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> Chosen:
    """Return what the command line runs with, instead of running it."""
    seen: list[Settings] = []

    def monitor(settings: Settings, warnings: list[str], **_options: bool) -> int:
        seen.append(settings)
        sys.stderr.write("".join(f"montauk: {warning}\n" for warning in warnings))
        return 0

    def run(*arguments: str) -> Settings:
        assert cli.main(list(arguments)) == 0
        return seen.pop()

    monkeypatch.setattr(monitor_command, "monitor", monitor)
    return run


def test_nothing_chosen_gives_the_defaults(chosen: Chosen) -> None:
    assert chosen() == Settings()


def test_the_file_counts_over_the_defaults(file: Path, chosen: Chosen) -> None:
    file.write_text(EVERY_KEY)
    assert chosen() == Settings(
        collector="traditional",
        interval_s=0.5,
        theme="monochrome",
        columns=("pid", "cpu_pct", "command"),
        meters=("cpu:graph", "memory"),
        sort="rss_bytes",
        descending=False,
        filter="a|b",
        tree=True,
        kernel_threads=True,
        user_threads=True,
        machine_scale=True,
        ascii=True,
        mouse=False,
        panel=False,
        linger_s=0.0,
        read_only=True,
        paths=False,
        tab_order=("web", "main"),
        keys={"act.kill": ("x",), "act.io": ("f9", "y"), "act.nice_lower": ()},
        tabs=(
            TabSettings(
                "Web", columns=("pid", "user:12"), sort="rss_bytes", filter="nginx"
            ),
        ),
    )


def test_every_setting_is_in_the_file_above_or_a_switch(file: Path) -> None:
    file.write_text(EVERY_KEY)
    settings, warnings = config.load()
    assert warnings == []
    for option in OPTIONS:
        if option.type is not bool:
            differs = getattr(settings, option.attribute) != option.default
            assert differs, option.id


SWITCHES = [option for option in OPTIONS if option.type is bool]


@pytest.mark.parametrize("option", SWITCHES, ids=lambda option: option.id)
def test_every_switch_can_be_written_in_the_file(file: Path, option: Option) -> None:
    turned: dict[str, Any] = {option.attribute: not option.default}
    file.write_text(f"{option.id} = {str(not option.default).lower()}\n")
    assert config.load() == (Settings(**turned), [])


@pytest.mark.parametrize(
    "option", [it for it in SWITCHES if it.flag], ids=lambda option: option.id
)
def test_the_flag_of_a_switch_turns_it_on(chosen: Chosen, option: Option) -> None:
    assert option.flag is not None
    turned: dict[str, Any] = {option.attribute: True}
    assert chosen(f"--{option.flag.name}") == Settings(**turned)


def test_flags_over_environment_over_file(
    file: Path, chosen: Chosen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "names", lambda: ["kernel", "netlink", "traditional"])
    file.write_text(EVERY_KEY)
    assert chosen().collector == "traditional"
    monkeypatch.setenv("MONTAUK_COLLECTOR", "netlink")
    assert chosen().collector == "netlink"
    assert chosen("--collector", "kernel").collector == "kernel"
    monkeypatch.setenv("MONTAUK_COLLECTOR", "")
    assert chosen().collector == "traditional"


def test_every_flag_counts_over_the_file(file: Path, chosen: Chosen) -> None:
    file.write_text(EVERY_KEY)
    settings = chosen(
        "-d",
        "3",
        "--theme",
        "htop-like",
        "--sort",
        "pid",
        "--filter",
        "",
        "--ascii",
        "--read-only",
    )
    assert (settings.interval_s, settings.theme) == (3.0, "htop-like")
    assert (settings.sort, settings.filter) == ("pid", "")
    assert settings.descending is None, "another column has its own direction"
    assert settings.tree
    assert settings.ascii
    assert settings.read_only


def test_a_filter_may_be_longer_on_the_command_line(file: Path, chosen: Chosen) -> None:
    many = " or ".join(f"pid = {pid}" for pid in range(2_000))
    file.write_text(f'filter = "{many}"')
    assert "10,000 characters" in config.load()[1][0]
    assert chosen("--filter", many).filter == many


def test_the_file_can_be_elsewhere(
    file: Path, chosen: Chosen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file.write_text('theme = "not this"')
    other = tmp_path / "other.toml"
    other.write_text('theme = "this"')
    monkeypatch.setenv("MONTAUK_CONFIG", str(other))
    assert chosen().theme == "this"


def test_without_xdg_it_is_below_the_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert config.config_path({}) == tmp_path / ".config" / "montauk" / "config.toml"


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
    settings, warnings = config.load()
    assert settings == Settings()
    assert len(warnings) == 1
    for hint in [str(file), *hints]:
        assert hint in warnings[0]
    assert warnings[0].isprintable()


def test_what_is_right_beside_it_counts(file: Path) -> None:
    file.write_text("tree = 1\nascii = true\ncolour = 1\ninterval = 2\n")
    settings, warnings = config.load()
    assert settings == Settings(ascii=True, interval_s=2.0)
    assert len(warnings) == 2


def test_a_file_that_is_no_text(file: Path) -> None:
    file.write_bytes(b'theme = "\xff"\n')
    settings, warnings = config.load()
    assert settings == Settings()
    assert len(warnings) == 1
    assert str(file) in warnings[0]
    assert "utf-8" in warnings[0]


def test_a_folder_in_place_of_the_file(file: Path) -> None:
    file.mkdir()
    settings, warnings = config.load()
    assert settings == Settings()
    assert len(warnings) == 1
    assert str(file) in warnings[0]
    assert "using the defaults" in warnings[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read(file: Path) -> None:
    file.write_text("tree = true\n")
    file.chmod(0)
    settings, warnings = config.load()
    assert settings == Settings()
    assert len(warnings) == 1
    assert "Permission denied" in warnings[0]


def test_no_settings_folder_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", os.devnull)
    assert config.load() == (Settings(), [])


def test_a_path_with_control_characters_is_not_printed_raw(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[2J\nb.toml"
    path.write_text("colour = 1\n")
    _, warnings = config.from_file(path)
    assert len(warnings) == 1
    assert warnings[0].isprintable()


def test_the_command_says_it_on_stderr_and_goes_on(
    file: Path, program: Command
) -> None:
    file.write_text('"c\\u001b" = 1\ncollector = "traditional"\n')
    code, out, err = program("--collector-info")
    assert code == 0
    assert "[active] traditional" in out
    assert err.startswith(f"montauk: {file}: unknown key")
    assert err.count("\n") == 1
    assert "\x1b" not in err


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


TOML_VALUES = st.recursive(
    st.one_of(
        st.booleans().map(lambda value: str(value).lower()),
        st.integers().map(str),
        st.floats(allow_nan=False, allow_infinity=False).map("{:e}".format),
        st.sampled_from(['"pid"', '"1s"', '""', "1979-05-27", "07:32:00", "nan"]),
    ),
    lambda inner: st.lists(inner, max_size=3).map(lambda v: f"[{', '.join(v)}]"),
    max_leaves=5,
)


@given(st.sampled_from(EVERY_KEY.splitlines()), TOML_VALUES)
def test_any_value_of_any_key_is_taken_or_refused(
    tmp_path_factory: pytest.TempPathFactory, line: str, value: str
) -> None:
    key = line.partition(" ")[0]
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(f"{key} = {value}\n")
    settings, warnings = config.from_file(path)
    if warnings:
        assert settings == Settings()
        assert len(warnings) == 1
        assert repr(key) in warnings[0]


def test_a_settings_file_that_is_named_and_missing_is_told(
    chosen: Chosen,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("MONTAUK_CONFIG", str(tmp_path / "typo.toml"))
    assert chosen() == Settings()
    assert "typo.toml" in capsys.readouterr().err


def test_the_command_is_always_the_last_column(file: Path, chosen: Chosen) -> None:
    file.write_text('columns = ["pid", "command", "cpu_pct"]\n')
    assert chosen().columns == ("pid", "cpu_pct", "command")


def test_json_does_not_depend_on_how_the_screen_is_liked(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(EVERY_KEY)
    seen: list[Settings] = []

    def json_lines(settings: Settings, *_limits: int | None) -> int:
        seen.append(settings)
        return 0

    monkeypatch.setattr(commands, "json_lines", json_lines)
    assert cli.main(["--json", "--sort", "pid"]) == 0
    assert (seen[0].sort, seen[0].filter, seen[0].user_threads) == ("pid", "", False)


def test_a_collector_nobody_installed_keeps_the_default(
    file: Path, chosen: Chosen, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text('collector = "nonsense"\n')
    assert chosen().collector is None
    complaint = capsys.readouterr().err
    assert str(file) in complaint
    assert "'nonsense'" in complaint
    assert "traditional" in complaint


def test_a_filter_that_means_nothing_keeps_the_default(
    file: Path, chosen: Chosen, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text('filter = "cpu > ten"')
    assert chosen().filter == ""
    (line,) = capsys.readouterr().err.splitlines()
    assert "bad value for 'filter': column 7: 'ten' is not a percentage" in line
    assert line.endswith("using the default")
    assert chosen("--filter", "cpu > 10").filter == "cpu > 10"
