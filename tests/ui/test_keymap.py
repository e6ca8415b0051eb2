"""Keys of the user's own: what they do, where they are told of, what is refused."""

from collections.abc import Mapping

import pytest
from textual.binding import Binding

from montauk_tui.config import Settings
from montauk_tui.errors import UsageError
from montauk_tui.ui.app import MontaukApp, validate
from montauk_tui.ui.bindings import BINDINGS, EVERY_BINDING, key_name, key_names
from montauk_tui.ui.keymap import given_key, keymap, read_key
from montauk_tui.ui.screens.pick import PickScreen
from tests.support.details import LOOKED_INTO, looking_collector
from tests.support.monitor import make_app, running

Keys = Mapping[str, tuple[str, ...]]


def app_with(keys: Keys) -> MontaukApp:
    return make_app(settings=Settings(keys=keys))


def keys_of(keys: Keys, binding_id: str) -> list[str]:
    found, _ = keymap(keys)
    return next(key_names(it) for it in found.every if it.id == binding_id)


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("k", "k"), ("K", "K"), ("é", "é"), ("F9", "f9"), ("f12", "f12"),
        ("?", "question_mark"), ("question_mark", "question_mark"), ("-", "minus"),
        ("+", "plus"), (",", "comma"), ("{", "left_curly_bracket"), ("@", "at"),
        ("PgUp", "pageup"), ("pageup", "pageup"), ("Esc", "escape"),
        (" Del ", "delete"),
        ("Space", "space"), ("Ctrl-X", "ctrl+x"), ("ctrl+x", "ctrl+x"),
        ("CTRL-x", "ctrl+x"), ("Shift-Tab", "shift+tab"), ("Alt-x", "alt+x"),
        ("Shift-F5", "shift+f5"), ("Ctrl-Alt-Del", "alt+ctrl+delete"),
        ("Ctrl-I", "tab"), ("Ctrl--", "ctrl+minus"), ("Enter", "enter"),
    ],
)  # fmt: skip
def test_keys_may_be_written_as_they_are_printed(written: str, key: str) -> None:
    assert read_key(written) == key


@pytest.mark.parametrize("binding", EVERY_BINDING, ids=lambda it: str(it.id))
def test_what_is_printed_of_a_key_means_that_key(binding: Binding) -> None:
    for key in set(binding.key.split(",")) - {"ctrl+c"}:
        assert read_key(key_name(key)) == key


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "unknown key"), (" ", "unknown key"),
        ("F99", "unknown key"),
        ("foo", "unknown key"), ("\x1b[2J", "unknown key"),
        ("Ctrl-", "unknown key"), ("3", "digits jump to a PID"),
        ("Ctrl-C", "always quits"), ("ctrl+q", "always quits"),
    ],
)  # fmt: skip
def test_what_is_no_key_is_refused_in_one_line(written: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason) as caught:
        read_key(written)
    assert str(caught.value).isprintable()


def test_without_choices_everything_is_as_it_was() -> None:
    found, said = keymap({})
    assert (list(found.every), said) == (list(EVERY_BINDING), [])


def test_a_key_is_taken_from_who_has_it_by_default() -> None:
    keys = {"act.kill": ("x", "K")}
    assert keys_of(keys, "act.kill") == ["x", "K"]
    assert keys_of(keys, "show.kernel") == []
    assert keys_of({"act.kill": ("V",)}, "show.tree") == ["F5", "t"]
    assert keymap(keys)[1] == []


def test_no_key_at_all() -> None:
    assert keys_of({"show.tree": ()}, "show.tree") == []


def test_the_closer_look_has_keys_of_its_own() -> None:
    keys = {"look.next": ("k",)}
    assert keys_of(keys, "act.kill") == ["F9", "k"]
    assert keys_of(keys, "look.up") == ["Up", "Alt-k"]
    assert keymap({**keys, "act.io": ("k",)})[1] == []


@pytest.mark.parametrize(
    ("keys", "hints"),
    [
        ({"act.kil": ("x",)}, ["'act.kil'; did you mean 'act.kill'?"]),
        ({"brew.tea": ("x",)}, ["unknown action 'brew.tea'", "F1 list them"]),
        ({"act.kill": ("foo",)}, ["'act.kill'", "'foo'", "F9"]),
        (
            {"act.kill": ("x",), "act.io": ("x",)},
            ["'act.io'", "x is already bound", "act.kill"],
        ),
        ({"program.interrupt": ("x",)}, ["Ctrl-C always quits"]),
        ({"act.kill": ("5",)}, ["'act.kill'", "digits"]),
    ],
)
def test_mistakes_cost_one_line_each(keys: Keys, hints: list[str]) -> None:
    (line,) = validate(Settings(keys=keys))
    for hint in ("config.toml: [keys]", *hints):
        assert hint in line


def test_what_is_right_beside_a_mistake_counts() -> None:
    keys = {"act.kill": ("foo", "x"), "act.io": ("nonsense",), "act.policy": ("y",)}
    assert keys_of(keys, "act.kill") == ["x"]
    assert keys_of(keys, "act.io") == ["i"]
    assert keys_of(keys, "act.policy") == ["y"]


def test_a_key_that_is_given_is_held_by_nobody_else() -> None:
    chosen = given_key({"act.io": ("x", "y")}, "act.kill", ["x"])
    assert chosen == {"act.io": ("y",), "act.kill": ("x",)}
    with pytest.raises(UsageError, match="always quits"):
        given_key({}, "program.interrupt", ["x"])


async def test_mapped_keys_do_what_they_are_mapped_to() -> None:
    keys = {"act.kill": ("x",), "show.tree": ("f9",), "program.interrupt": ("z",)}
    async with running(app_with(keys), (110, 30)) as monitor:
        await monitor.press("f5")
        assert not monitor.app.session.choices.view.tree, "it has lost this key"
        await monitor.press("f9")
        assert monitor.app.session.choices.view.tree
        await monitor.press("k")
        assert monitor.is_alone
        await monitor.press("x")
        assert isinstance(monitor.app.screen, PickScreen)
        await monitor.press("escape")
        await monitor.pilot.press("ctrl+c")
        await monitor.until(lambda: not monitor.app.is_running)


async def test_help_bar_and_palette_show_the_keys_as_mapped() -> None:
    async with running(app_with({"act.kill": ("x",), "show.tree": ()})) as monitor:
        assert "x Kill" in monitor.lines[-1]
        assert "F9" not in monitor.lines[-1]
        assert "Tree" not in monitor.lines[-1]
        await monitor.press("f1")
        text = " ".join(monitor.text.split())
        while "Send a signal" not in text:
            await monitor.press("pagedown")
            text = " ".join(monitor.text.split())
        assert "x Send a signal" in text
        await monitor.press("escape", "ctrl+p")
        await monitor.type("Send a signal")
        await monitor.until(lambda: "Kill (x)" in " ".join(monitor.text.split()))


async def test_the_closer_look_takes_its_mapped_keys() -> None:
    collector, _ = looking_collector()
    keys = {"look.leave": ("x",), "look.section": ("s",)}
    async with running(make_app(collector, Settings(keys=keys)), (110, 30)) as monitor:
        await monitor.type(str(LOOKED_INTO))
        await monitor.press("enter")
        assert "s Section" in monitor.lines[-1]
        assert monitor.lines[-1].rstrip().endswith("x Back")
        await monitor.press("q", "escape")
        assert not monitor.is_alone
        await monitor.press("x")
        assert monitor.is_alone


async def test_without_a_key_to_leave_the_bar_has_its_other_keys() -> None:
    async with running(app_with({"program.quit": ()})) as monitor:
        assert "F1 Help" in monitor.lines[-1]
        await monitor.press("q", "f10")
        assert monitor.app.is_running


async def test_with_no_keys_at_all_the_bar_is_empty() -> None:
    keys: Keys = {it.id: () for it in BINDINGS if it.id and it.key != "ctrl+c"}
    async with running(app_with(keys)) as monitor:
        assert monitor.lines[-1].strip() == ""
