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
from montauk_tui.config.options import IN_FILE
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
remember = "5m"
remember_size = "32m"
timeline = "off"
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

    def show(
        _host: object, settings: Settings, warnings: list[str], **_options: bool
    ) -> int:
        seen.append(settings)
        sys.stderr.write("".join(f"montauk: {warning}\n" for warning in warnings))
        return 0

    def run(*arguments: str) -> Settings:
        assert cli.main(list(arguments)) == 0
        return seen.pop()

    monkeypatch.setattr(monitor_command, "show", show)
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
        remember_s=300.0,
        remember_bytes=32 << 20,
        timeline="off",
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
    for option in IN_FILE:
        if option.type is not bool:
            differs = getattr(settings, option.attribute) != option.default
            assert differs, option.id


SWITCHES = [option for option in IN_FILE if option.type is bool]


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
    turned: dict[str, Any] = {option.attribute: option.flag.value}
    assert turned != {option.attribute: option.default}
    for name in option.flag.names:
        assert chosen(name) == Settings(**turned)


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
    assert not settings.tree, "a sort column shows a list, as in htop"
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


def test_no_settings_folder_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", os.devnull)
    assert config.load() == (Settings(), [])


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

    def json_lines(_host: object, settings: Settings, *_limits: int | None) -> int:
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
