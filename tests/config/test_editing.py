"""Entries change; all that stands around them stays."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.config import Change, Settings, TabSettings, changes, editing
from montauk_tui.config.editing import edited, says
from montauk_tui.config.reading import from_document
from montauk_tui.engine.columns.table import COLUMNS, WIDEST, least_width, with_width

FILE = """\
# how I like it
theme = "fjord"   # blue

[keys] # mine
act.kill = "x"
"show.tree" = ["y"] # why not

[keys.sort]
pid = "z"

[[tabs]]
name = "Web"   # the servers
filter = 'nginx'
newer = 1

[later]
thing = { a = 1 }
"""


def after(text: str, *wanted: Change) -> str:
    return edited(text.encode(), wanted).decode()


def test_a_value_changes_and_nothing_else() -> None:
    assert after(FILE, Change(("theme",), "dune")) == FILE.replace("fjord", "dune")


def test_a_new_key_stands_before_the_tables() -> None:
    text = after(FILE, Change(("tree",), value=True))
    assert text == FILE.replace("# blue\n", "# blue\ntree = true\n")


def test_a_key_is_taken_out() -> None:
    text = after(FILE, Change(("theme",), None))
    assert text == FILE.replace('theme = "fjord"   # blue\n', "")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("act.kill", 'act.kill = "x"', 'act.kill = ["k"]'),
        ("show.tree", '"show.tree" = ["y"]', '"show.tree" = ["k"]'),
        ("sort.pid", 'pid = "z"', 'pid = ["k"]'),
    ],
)
def test_keys_change_in_whichever_way_they_are_written(
    name: str, old: str, new: str
) -> None:
    text = after(FILE, Change(("keys", name), ["k"]))
    assert text == FILE.replace(old, new)


def test_keys_are_added_and_taken_out() -> None:
    text = after(FILE, Change(("keys", "program.quit"), []))
    assert from_document(tomllib.loads(text))[0].keys["program.quit"] == ()
    assert FILE.splitlines() == [it for it in text.splitlines() if "quit" not in it]
    assert after(FILE, Change(("keys", "act.kill"), None)) == FILE.replace(
        'act.kill = "x"\n', ""
    )


def test_a_tab_changes_where_it_stands_in_any_case() -> None:
    text = after(FILE, Change(("tabs", "web", "filter"), "caddy", "Web"))
    assert text.replace('"caddy"', "'nginx'") == FILE


def test_a_new_tab_stands_behind_the_others() -> None:
    text = after(FILE, Change(("tabs", "exited", "sort"), "pid", "exited"))
    assert [tab["name"] for tab in tomllib.loads(text)["tabs"]] == ["Web", "exited"]
    for line in FILE.splitlines():
        assert line in text


@pytest.mark.parametrize("empty", ["", "# only words\n", "tabs = []\n[keys]\n"])
def test_an_empty_file_takes_everything(empty: str) -> None:
    wanted = [
        Change(("theme",), "dune"),
        Change(("keys", "act.kill"), ["f9", "x"]),
        Change(("tabs", "exited", "sort"), "pid", "exited"),
    ]
    document = tomllib.loads(after(empty, *wanted))
    settings, wrong = from_document(document)
    assert wrong == []
    assert settings.keys == {"act.kill": ("f9", "x")}
    assert settings.tabs == (TabSettings("exited", sort="pid"),)
    assert settings.theme == "dune"


def test_inline_tables_change_too() -> None:
    text = 'tabs = [{ name = "Web" }]\nkeys = { "act.kill" = "x" }\n'
    wanted = (
        Change(("tabs", "web", "sort"), "pid", "Web"),
        Change(("keys", "act.kill"), ["y"]),
    )
    settings, wrong = from_document(tomllib.loads(after(text, *wanted)))
    assert wrong == []
    assert settings.tabs == (TabSettings("Web", sort="pid"),)
    assert settings.keys == {"act.kill": ("y",)}


def test_line_ends_stay_as_they_are() -> None:
    text = after("a = 1\r\ntheme = 'x'\r\n", Change(("theme",), "dune"))
    assert text == 'a = 1\r\ntheme = "dune"\r\n'


def test_a_list_in_lines_stays_one() -> None:
    text = after('columns = [\n  "pid",\n]\n', Change(("columns",), ["pid", "user"]))
    assert text.splitlines() == ["columns = [", '    "pid",', '    "user",', "]"]


@pytest.mark.parametrize(
    ("text", "change", "expected"),
    [
        ("", Change(("theme",), "montauk-dark"), True),
        ("", Change(("theme",), "dune"), False),
        ("sort = 'RES'", Change(("sort",), "rss_bytes"), True),
        ("interval = '500ms'", Change(("interval",), 0.5), True),
        ("interval = 'wrong'", Change(("interval",), 1.0), False),
        ("", Change(("descending",), None), True),
        ("[keys]\nact.kill = 'x'", Change(("keys", "act.kill"), ["x"]), True),
        ("[keys]\n'act.kill' = 'x'", Change(("keys", "act.kill"), None), False),
        ("", Change(("keys", "act.kill"), None), True),
        ("keys = 1", Change(("keys", "act.kill"), []), False),
        ("[[tabs]]\nname = 'A'", Change(("tabs", "a", "tree"), None), True),
        ("[[tabs]]\nname = 'A'", Change(("tabs", "a", "tree"), value=True), False),
    ],
)
def test_what_a_file_says_already(text: str, change: Change, expected: object) -> None:
    assert says(tomllib.loads(text), change) is expected


# --- any settings ---------------------------------------------------------------------

NAMES = st.text(st.characters(codec="ascii", categories=["Ll"]), min_size=1, max_size=6)
COLUMN_LISTS = st.lists(
    st.sampled_from([c for c in COLUMNS.values() if c.width]).flatmap(
        lambda column: st.integers(least_width(column), WIDEST).map(
            lambda width: with_width(column.id, width)
        )
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda entry: entry.partition(":")[0],
).map(tuple)
FLAGS = st.booleans()
MAYBE_FLAGS = st.none() | FLAGS
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
TABS = st.lists(
    st.builds(
        TabSettings,
        NAMES.filter(lambda name: name != "main"),
        columns=st.none() | COLUMN_LISTS,
        sort=st.none() | st.sampled_from(list(COLUMNS)),
        descending=MAYBE_FLAGS,
        tree=MAYBE_FLAGS,
        rows=st.sampled_from([None, "processes", "exited"]),
    ),
    max_size=3,
    unique_by=lambda tab: tab.id,
).map(tuple)
SETTINGS = st.builds(
    Settings,
    interval_s=st.floats(0.1, 3600),
    theme=TEXTS,
    columns=COLUMN_LISTS,
    sort=st.sampled_from(list(COLUMNS)),
    descending=MAYBE_FLAGS,
    tree=FLAGS,
    paths=FLAGS,
    linger_s=st.just(0.0) | st.floats(0.1, 3600),
    tab_order=st.lists(NAMES, max_size=3, unique=True).map(tuple),
    keys=st.dictionaries(
        st.tuples(NAMES, NAMES).map(".".join), st.lists(TEXTS, max_size=2).map(tuple),
        max_size=3,
    ),
    tabs=TABS,
)  # fmt: skip


def without_empty(settings: Settings) -> dict[str, Any]:
    """Return settings in which a tab of which nothing is said does not count."""
    values = {name: getattr(settings, name) for name in Settings.__slots__}
    said = [tab for tab in settings.tabs if tab != TabSettings(tab.name)]
    return {**values, "tabs": {tab.id: tab for tab in said}}


# A failure with long lists of columns in it is long to print.
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
@given(SETTINGS, SETTINGS)
def test_any_settings_are_read_as_they_were_written(
    first: Settings, second: Settings
) -> None:
    data = b"# mine\nnewer = 1 # keep\n"
    before = Settings()
    for now in (first, second, Settings()):
        data = edited(data, changes(before, now))
        settings, wrong = from_document(tomllib.loads(data.decode()))
        assert without_empty(settings) == without_empty(now)
        assert len(wrong) == 1
        assert data.startswith(b"# mine\nnewer = 1 # keep\n")
        before = now


@pytest.mark.parametrize("text", ["keys = 3\n", "tabs = 3\n"])
def test_an_entry_that_is_no_table_is_not_edited(text: str) -> None:
    for change in (
        Change(("keys", "act.kill"), ["k"]),
        Change(("tabs", "a", "tree"), 1),
    ):
        if change.path[0] in text:
            with pytest.raises(ValueError, match="cannot be edited safely"):
                after(text, change)


def test_a_tab_that_is_not_there_has_nothing_to_take_out() -> None:
    assert after(FILE, Change(("tabs", "mail", "tree"), None, "Mail")) == FILE


def test_an_edit_that_changes_another_entry_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def spoil(document: dict[str, object], _change: Change) -> None:
        document.update(theme="dune", ascii=True)

    monkeypatch.setattr(editing, "_apply", spoil)
    with pytest.raises(ValueError, match="cannot be edited safely"):
        after(FILE, Change(("theme",), "dune"))
