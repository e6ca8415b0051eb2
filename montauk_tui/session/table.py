"""The actions by name; `ui.bindings` assigns keys to them."""

from collections.abc import Callable, Mapping
from functools import partial
from sys import maxsize
from typing import Any, Final, Literal

from montauk_tui.session.actions import (
    copying,
    folding,
    kill,
    navigation,
    opening,
    prompts,
    replaying,
    saving,
    scheduling,
    selection,
    spawner,
    tagging,
    view,
    watching,
)
from montauk_tui.session.effects import Open, Result, Say, Update
from montauk_tui.session.state import NotPossible, Session

Action = Callable[..., Result]
"""Takes the session and the arguments in parentheses after its name."""


def _open(screen: Literal["help", "setup", "commands", "themes"]) -> Action:
    return lambda session: Update(session, Open(screen))


ACTIONS: Final[Mapping[str, Action]] = {
    "help": _open("help"),
    "setup": _open("setup"),
    "command_palette": _open("commands"),
    "choose_theme": _open("themes"),
    "search": prompts.search,
    "filter": prompts.ask_filter,
    "interval": prompts.ask_interval,
    "cancel": prompts.cancel,
    "prompt_typed": prompts.prompt_typed,
    "prompt_again": prompts.prompt_again,
    "prompt_ended": prompts.prompt_ended,
    "type_digit": prompts.type_digit,
    "forget_pid": prompts.forget_pid,
    "tree": view.tree,
    "siblings": view.siblings,
    "invert": view.invert,
    "sort": view.sort,
    "sort_or_invert": view.sort_or_invert,
    "choose_sort": view.choose_sort,
    "exited": view.turn("exited"),
    "kernel_threads": view.turn("kernel_threads"),
    "user_threads": view.user_threads,
    "containers": view.containers,
    "paths": view.paths,
    "merged": view.turn("merged"),
    "scale": view.turn("machine_scale"),
    "meters": view.turn("meters"),
    "panel": view.turn("panel"),
    "pause": view.turn("paused"),
    "refresh_now": view.refresh_now,
    "go": replaying.go,
    "go_s": replaying.go_s,
    "go_to": replaying.go_to,
    "mark_begin": replaying.mark_begin,
    "sum_up": replaying.sum_up,
    "seek": replaying.seek,
    "speed": replaying.speed,
    "record": replaying.record,
    "timeline": replaying.timeline,
    "go_end": replaying.go_end,
    "ask_time": replaying.ask_time,
    "nice": scheduling.nice,
    "nice_value": scheduling.choose_nice,
    "autogroup_nice": scheduling.autogroup_nice,
    "io_priority": scheduling.choose_io_priority,
    "affinity": scheduling.choose_affinity,
    "policy": scheduling.choose_policy,
    "kill": kill.kill,
    "trace": lambda session: watching.watch(session, "system calls"),
    "backtrace": lambda session: watching.watch(session, "backtrace"),
    "tag": tagging.tag,
    "tag_subtree": tagging.tag_subtree,
    "tag_all": tagging.tag_all,
    "untag": tagging.untag,
    "choose_user": tagging.choose_user,
    "follow": tagging.follow,
    "fold": folding.fold,
    "fold_all": folding.fold_all,
    "fold_parent": folding.fold_parent,
    "tab": navigation.show_tab,
    "next_tab": navigation.next_tab,
    "group": navigation.group,
    "devices": navigation.devices,
    "spawner": spawner.spawner,
    "enter": opening.enter,
    "look": opening.look,
    "copy": copying.choose_copy,
    "write": copying.ask_file,
    "save_settings": saving.save_settings,
    "select": Session.select,
    "move": selection.move,
    "move_page": selection.move_page,
    "first": selection.first,
    "last": selection.last,
    "scroll": selection.scroll,
    "shift": selection.shift,
    "shift_home": lambda session: selection.shift(session, -maxsize),
    "shift_end": lambda session: selection.shift(session, maxsize),
}
"""The actions that keys, clicks and the command list run."""


def call_action(session: Session, name: str, *args: Any) -> Update:
    """Return the update of an action, by name."""
    return update_of(session, partial(ACTIONS[name], session, *args))


def update_of(session: Session, action: Callable[[], Result]) -> Update:
    """Return the update of an action; if not possible, with the reason."""
    try:
        result = action()
    except NotPossible as refusal:
        message = str(refusal)
        return Update(session, *([Say(message)] if message else []))
    return result if isinstance(result, Update) else Update(result)
