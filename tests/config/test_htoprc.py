"""Settings files of htop, of three styles, and hostile ones."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.config import Settings, TabSettings
from montauk_tui.config.htop_names import METERS, NOTHING_LIKE_IT, NUMBERS, THEMES
from montauk_tui.config.htoprc import TAKEN, Imported, read
from montauk_tui.engine import meters
from montauk_tui.engine.columns.foreign import HTOP
from montauk_tui.errors import UsageError
from montauk_tui.resources import folder
from montauk_tui.session.tabs import BUILT_IN, MAIN, PROCESSES

FILES = Path(__file__).parent / "htop"


def taken(text: str, before: Settings | None = None) -> Imported:
    return read(text.encode(), before or Settings())


def test_a_file_of_htop_2() -> None:
    found = read((FILES / "2.2.htoprc").read_bytes(), Settings())
    assert found.settings == Settings(
        interval_s=1.5,
        kernel_threads=True,
        paths=False,
        columns=(
            "pid", "user", "priority", "nice", "virt_bytes", "rss_bytes",
            "shared_bytes", "state", "cpu_pct", "mem_pct", "cpu_time", "io_rate",
            "command",
        ),
        meters=("cpu", "memory", "swap:graph", "tasks", "load", "uptime"),
        sort="mem_pct",
        tree=True,
    )  # fmt: skip
    assert [note.partition(": ")[0] for note in found.notes] == [
        "shadow_other_users", "cpu_count_from_zero=0", "colour scheme Broken Gray",
        "meter 'Battery'", "meter 'CPU(2)'", "column M_DRS",
    ]  # fmt: skip


def test_a_file_of_htop_3() -> None:
    found = read((FILES / "3.0.htoprc").read_bytes(), Settings())
    assert found.settings == Settings(
        interval_s=0.3,
        linger_s=7.0,
        machine_scale=True,
        user_threads=True,
        theme="monochrome",
        columns=("pid", "user", "cpu_pct", "comm", "exe", "pss_bytes", "command"),
        meters=(
            "cpu:graph", "memory:text", "swap:text", "disk:graph", "network",
            "pressure", "clock",
        ),
        sort="pid",
        descending=True,
        mouse=False,
    )  # fmt: skip
    assert [note.partition(": ")[0] for note in found.notes] == [
        "show_thread_names", "find_comm_in_cmdline", "show_merged_command",
        "show_cpu_frequency", "hide_function_bar", "meter NetworkIO",
    ]  # fmt: skip


def test_a_file_of_htop_3_3_with_screens() -> None:
    before = Settings(
        filter="kept", tabs=(TabSettings("Web"), TabSettings("io", filter="x"))
    )
    found = read((FILES / "3.3.htoprc").read_bytes(), before)
    assert found.settings == Settings(
        interval_s=2.0,
        theme="montauk-light",
        columns=(
            "pid", "user", "priority", "nice", "virt_bytes", "rss_bytes", "state",
            "cpu_pct", "elapsed", "command",
        ),
        meters=("cpu", "memory", "swap", "cpu:graph", "clock"),
        sort="rss_bytes",
        filter="kept",
        tabs=(
            TabSettings("Web"),
            TabSettings(
                "io",
                columns=("pid", "user", "io_priority", "io_rate", "command"),
                sort="io_rate",
                filter="x",
            ),
            TabSettings(
                "Memory",
                columns=("pid", "pss_bytes", "swap_bytes", "oom", "command"),
                sort="pss_bytes",
                descending=False,
                tree=True,
            ),
        ),
    )  # fmt: skip
    assert [note.partition(": ")[0] for note in found.notes] == [
        "hide_running_in_container", "header_layout 'three_33_34_33'",
        "all_branches_collapsed", "screen 'pcp'", "meter 'Systemd'",
        "column PERCENT_SWAP_DELAY",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "descending"),
    [
        ("sort_key=46\nsort_direction=1", None),
        ("sort_key=46\nsort_direction=-1", False),
        ("sort_key=0\nsort_direction=1", None),
        ("sort_key=0\nsort_direction=-1", True),
        ("htop_version=3.1.0\nsort_key=46\nsort_direction=-1", None),
        ("htop_version=3.2.2\nsort_key=46\nsort_direction=1", False),
        ("htop_version=3.3.0-dev\nsort_key=0\nsort_direction=1", None),
        ("sort_key=46", None),
    ],
)
def test_the_direction_is_that_of_the_version(
    text: str,
    descending: bool | None,  # noqa: FBT001
) -> None:
    assert taken(text).settings.descending == descending


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("delay=0", {"interval_s": 0.1}),
        ("delay=99999", {"interval_s": 3600.0}),
        ("delay=-5", {"interval_s": 0.1}),
        ("delay=1e9", {}),
        ("fields=", {}),
        ("fields=9999 x Dynamic(y)", {}),
        ("fields=Command PID PID", {"columns": ("pid", "command")}),
        ("highlight_changes_delay_secs=0\nhighlight_changes=1", {"linger_s": 1.0}),
        ("highlight_changes=1\nhighlight_changes_delay_secs=9", {"linger_s": 9.0}),
        ("highlight_changes_delay_secs=9", {}),
        ("color_scheme=0", {"theme": "htop-like"}),
        ("color_scheme=x", {}),
        ("left_meters=AllCPUs\nleft_meter_modes=", {"meters": ("cpu",)}),
        ("left_meters=", {}),
        ("column_meters_x=Swap", {}),
        ("column_meters_-1=Swap", {}),
        ("screen:Main=PID\n.sort_key=nonsense", {"columns": ("pid",)}),
        (".sort_key=PID", {}),
        ("screen:=PID\nscreen:=PID", {"columns": ("pid",)}),
        ("delay=20=30", {"interval_s": 2.0}),
        ("highlight_changes_delay_secs=x\nhighlight_changes=0", {}),
        ("header_layout=two_50_50\ncpu_count_from_zero=1", {}),
    ],
)
def test_odd_values_change_nothing_or_the_nearest(
    text: str, changed: dict[str, object]
) -> None:
    assert taken(text).settings == Settings(**changed)  # type: ignore[arg-type]


def test_what_is_only_near_is_taken_and_told() -> None:
    found = taken("fields=0 102 1")
    assert found.settings.columns == ("pid", "rchar_rate", "command")
    assert found.notes == ("column RCHAR: per second, not in total",)


def test_a_later_screen_with_an_odd_name_is_left_out() -> None:
    found = taken(f"screen:Main=PID\nscreen:{'x' * 30}=PID\nscreen:\x1b=USER")
    assert [tab.name for tab in found.settings.tabs] == [r"\x1b"]
    assert len(found.notes) == 1


def test_a_screen_never_takes_the_place_of_a_tab_with_other_rows() -> None:
    found = taken("screen:A=PID\nscreen:Events=PID\nscreen:main=USER")
    names = [tab.name for tab in found.settings.tabs]
    assert names == ["htop Events", "htop main"]
    assert found.settings.columns == ("pid",)


def test_no_tab_with_other_rows_has_the_name_of_a_screen() -> None:
    others = {tab.id for tab in BUILT_IN.values() if tab.rows != PROCESSES}
    assert others | {MAIN} == TAKEN
    own = TabSettings("Deaths", rows="exited", filter="exit != 0")
    found = taken("screen:A=PID\nscreen:Deaths=USER", Settings(tabs=(own,)))
    assert found.settings.tabs == (own, TabSettings("htop Deaths", columns=("user",)))


def test_screens_of_one_name_become_a_tab_each() -> None:
    text = "screen:Main=PID\nscreen:A=USER\nscreen:a=PPID\nscreen:A=COMM"
    found = taken(text)
    names = [tab.name for tab in found.settings.tabs]
    assert names == ["A", "a 2", "A 3"]
    # Imported again they are the same.
    assert taken(text, found.settings).settings == found.settings


def test_a_screen_that_is_left_out_changes_no_other() -> None:
    order = ".sort_key=PID\n.sort_direction=1\n.tree_view=1\n"
    main = "htop_version=3.3\nscreen:Main=PID USER\n.sort_key=USER\n.tree_view=0\n"
    found = taken(f"{main}screen:pcp=PID\n.dynamic=biotop\n{order}")
    assert found.settings == Settings(columns=("pid", "user"), sort="user")
    assert found.notes == ("screen 'pcp': no counterpart (pcp-htop)",)
    many = "".join(f"screen:s{number}=PID\n" for number in range(29))
    found = taken(f"{main}{many}screen:last=PID\n{order}")
    assert [tab.sort for tab in found.settings.tabs] == [None] * 29
    assert found.notes == ("screen 'last': more than 30 screens",)
    # pcp-htop may have such screens only.
    found = taken("fields=0 1\nscreen:pcp=PID\n.dynamic=biotop\n.sort_key=PID")
    assert found.settings == Settings(columns=("pid", "command"))


@pytest.mark.parametrize("data", [b"", b"\0", b"# delay=1", b"[a]\nb = 1\n", b"=\n"])
def test_another_file_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match="no setting of htop"):
        read(data, Settings())


def test_a_hostile_file_has_few_clean_lines() -> None:
    junk = "".join(f"\x1b[2J{number}\u202e={'x' * 99}\n" for number in range(9_000))
    screens = "".join(f"screen:s{number}=PID {'x ' * 999}\n" for number in range(500))
    found = taken(f"delay=7\n{junk}{screens}")
    assert found.settings.interval_s == 0.7
    assert len(found.settings.tabs) < 30
    assert len(found.notes) == 201
    assert found.notes[-1].endswith(" more")
    assert all(note.isprintable() and len(note) < 300 for note in found.notes)


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    try:
        read(b"delay=5\n" + data, Settings())
    except UsageError:
        pytest.fail("it has a setting of htop")


def test_the_tables_name_what_exists() -> None:
    assert set(NUMBERS.values()) & set(HTOP) >= {"PID", "Command", "M_PSS", "CWD"}
    assert meters.parse(entry for entries in METERS.values() for entry in entries)
    for theme in THEMES.values():
        assert (folder("themes") / f"{theme}.toml").exists()
    assert all(why for why in NOTHING_LIKE_IT.values())
