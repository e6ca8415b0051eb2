"""What differs between two choices, as entries of the file."""

import pytest

from montauk_tui.config import Change, Settings, TabSettings, changes

EXITED = TabSettings("exited", columns=("pid", "command"))
WEB = TabSettings("Web", filter="nginx")


def test_the_same_choices_differ_in_nothing() -> None:
    settings = Settings(theme="dune", keys={"act.kill": ("x",)}, tabs=(WEB,))
    assert changes(settings, settings) == []


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (Settings(), Settings(theme="dune"), [Change(("theme",), "dune")]),
        (Settings(), Settings(interval_s=2.0), [Change(("interval",), 2.0)]),
        (Settings(filter="a"), Settings(), [Change(("filter",), "")]),
        (
            Settings(), Settings(columns=("pid", "user:12")),
            [Change(("columns",), ["pid", "user:12"])],
        ),
        (Settings(tab_order=("main",)), Settings(), [Change(("tab_order",), None)]),
        (
            Settings(keys={"a.b": ("x",), "c.d": ("y",)}),
            Settings(keys={"a.b": (), "e.f": ("z",)}),
            [
                Change(("keys", "a.b"), []),
                Change(("keys", "c.d"), None),
                Change(("keys", "e.f"), ["z"]),
            ],
        ),
        (
            Settings(tabs=(WEB,)), Settings(tabs=(WEB, EXITED)),
            [Change(("tabs", "exited", "columns"), ["pid", "command"], "exited")],
        ),
        (
            Settings(tabs=(EXITED,)), Settings(),
            [Change(("tabs", "exited", "columns"), None, "exited")],
        ),
    ],
)  # fmt: skip
def test_what_differs(before: Settings, now: Settings, expected: list[Change]) -> None:
    assert changes(before, now) == expected


def test_a_direction_is_never_changed_without_its_column() -> None:
    before, now = Settings(sort="pid"), Settings(sort="pid", descending=True)
    assert changes(before, now) == [
        Change(("sort",), "pid"), Change(("descending",), value=True),
    ]  # fmt: skip
    assert changes(Settings(sort="pid", descending=True), Settings()) == [
        Change(("sort",), "cpu_pct"), Change(("descending",), None),
    ]  # fmt: skip
    tab = Settings(tabs=(TabSettings("Web", sort="pid", descending=True),))
    assert [change.path[2] for change in changes(Settings(), tab)] == [
        "sort", "descending",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Change(("theme",), "dune"), "theme"),
        (Change(("keys", "act.kill"), []), "key act.kill"),
        (Change(("tabs", "web", "sort"), "pid", "Web"), "tab Web"),
    ],
)
def test_a_change_is_called_something(change: Change, said: str) -> None:
    assert str(change) == said
