"""Every key of the monitor; help, key bar and palette are made from this."""

from typing import Final

from textual.binding import Binding
from textual.keys import key_to_character

SECTIONS: Final = {
    "move": "Moving",
    "find": "Finding",
    "tag": "Choosing",
    "act": "Acting",
    "sort": "Sorting",
    "show": "What is shown",
    "program": "Program",
    "look": "Looking into a process",
}
"""Headings of the help, by the first part of a binding's id."""


def _key(
    keys: str,
    action: str,
    binding_id: str,
    label: str,
    tooltip: str,
    *,
    bar: bool = False,
) -> Binding:
    return Binding(keys, action, label, show=bar, tooltip=tooltip, id=binding_id)


BINDINGS: Final = [
    _key("f1,h,question_mark", "help", "program.help", "Help",
         "Every key and sign", bar=True),
    _key("f2,C", "setup", "program.setup", "Setup",
         "Columns, tabs, colours, behaviour and keys, to try and to save", bar=True),
    _key("ctrl+p", "command_palette", "program.palette", "Commands",
         "Find an action by what it does"),
    _key("f3,slash", "search", "find.search", "Search",
         "Jump to the next command that contains a text", bar=True),
    _key("f4,backslash", "filter", "find.filter", "Filter",
         "Show only what matches: a text, a|b, cpu > 10", bar=True),
    _key("f5,t,V", "tree", "show.tree", "Tree",
         "Switch between tree and list", bar=True),
    _key("f6,less_than_sign,greater_than_sign,comma,full_stop", "choose_sort",
         "sort.choose", "Sort", "Choose the column to sort by", bar=True),
    _key("f7,right_square_bracket", "nice(-1)", "act.nice_lower", "Nice-",
         "Lower the nice value: a larger share of the CPU", bar=True),
    _key("f8,left_square_bracket", "nice(1)", "act.nice_higher", "Nice+",
         "Raise the nice value: a smaller share of the CPU", bar=True),
    _key("shift+f7,right_curly_bracket", "autogroup_nice(-1)", "act.autogroup_lower",
         "Group nice-", "Lower the nice value of its autogroup, all of its session"),
    _key("shift+f8,left_curly_bracket", "autogroup_nice(1)", "act.autogroup_higher",
         "Group nice+", "Raise the nice value of its autogroup"),
    _key("f9,k", "kill", "act.kill", "Kill",
         "Send a signal, chosen from a list", bar=True),
    _key("i", "io_priority", "act.io", "I/O priority",
         "Set the I/O class and priority"),
    _key("a", "affinity", "act.affinity", "CPU affinity",
         "Set the CPUs that may run it"),
    _key("Y", "policy", "act.policy", "Policy", "Set the scheduling policy"),
    _key("s", "trace", "act.trace", "System calls",
         "Watch its system calls with strace"),
    _key("b", "backtrace", "act.backtrace", "Backtrace",
         "Where its threads are, with eu-stack or gdb: it stops for a moment"),
    _key("space", "tag", "tag.one", "Tag", "Tag or untag, and go one row down"),
    _key("c", "tag_subtree", "tag.subtree", "Tag subtree",
         "Tag a process and all that descend from it"),
    _key("U", "untag", "tag.none", "Untag", "Untag all"),
    _key("u", "choose_user", "tag.user", "User", "Show the processes of one user"),
    _key("F", "follow", "tag.follow", "Follow",
         "Keep a process selected and in sight until it ends"),
    _key("I,R", "invert", "sort.invert", "Invert", "Turn the order round", bar=True),
    _key("N", "sort('pid')", "sort.pid", "By PID", "Sort by process id"),
    _key("P", "sort('cpu_pct')", "sort.cpu", "By CPU%", "Sort by CPU use"),
    _key("M", "sort('rss_bytes')", "sort.mem", "By memory", "Sort by resident memory"),
    _key("T", "sort('cpu_time')", "sort.time", "By time", "Sort by CPU time so far"),
    _key("o", "siblings", "sort.siblings", "Siblings",
         "Siblings in the tree by start, so that they stay, or by a column"),
    _key("minus,plus,equals_sign", "fold", "show.fold", "Fold",
         "Fold or unfold a branch of the tree"),
    _key("asterisk", "fold_all", "show.fold_all", "Fold all",
         "Fold or unfold every branch of the tree"),
    _key("backspace", "fold_parent", "show.fold_parent", "Fold into parent",
         "Fold the branch around the row, and go to its parent"),
    _key("tab", "next_tab(1)", "show.next_tab", "Next tab",
         "Main, I/O, Exited, Spawners, Events"),
    _key("shift+tab", "next_tab(-1)", "show.previous_tab", "Previous tab",
         "Back to the tab before"),
    _key("S", "spawner", "show.spawner", "Spawner",
         "Go to who started the selected process"),
    _key("g", "group", "show.group", "Group",
         "Spawners by parent, executable or cgroup"),
    _key("enter", "enter", "show.enter", "Open",
         "Look into a process or open a row of many; in other tabs go to it"),
    _key("l", "look('files')", "show.files", "Files",
         "Look into a process, at its open files"),
    _key("e", "look('environment')", "show.environment", "Environment",
         "Look into a process, at its environment"),
    _key("w", "look('command')", "show.command", "Command line",
         "Look into a process, at its whole command line"),
    _key("x", "look('locks')", "show.locks", "File locks",
         "Look into a process, at its file locks"),
    _key("X", "ended", "show.ended", "Ended",
         "Show or hide processes that ended"),
    _key("K", "kernel_threads", "show.kernel", "Kernel threads",
         "Show or hide kernel threads"),
    _key("H", "user_threads", "show.threads", "Threads",
         "Show or hide the threads of processes"),
    _key("p", "paths", "show.paths", "Paths", "Show or hide the folder of the program"),
    _key("m", "merged", "show.merged", "Merged",
         "Show the name of a process where it is not that of its program"),
    _key("O", "containers", "show.containers", "Containers",
         "Show or hide processes in containers"),
    _key("percent_sign", "scale", "show.scale", "Scale",
         "CPU% of one core or of the whole machine"),
    _key("number_sign", "meters", "show.meters", "Meters", "Show or hide the meters"),
    _key("v", "panel", "show.panel", "Panel",
         "Show or hide the panel about the selected process, where there is room"),
    _key("ctrl+t", "choose_theme", "show.theme", "Theme",
         "Choose the colours, seen as you move"),
    _key("W", "save_settings", "program.save", "Save settings",
         "Write what was changed into the settings file"),
    _key("Z", "pause", "program.pause", "Pause",
         "Stop and go on; the table stays as it is", bar=True),
    _key("d", "interval", "program.interval", "Interval",
         "Set the time between refreshes"),
    _key("ctrl+l", "refresh_now", "program.refresh", "Refresh",
         "Sample and draw everything now"),
    _key("up,alt+k", "move(-1)", "move.up", "Up", "Select the row above"),
    _key("down,alt+j", "move(1)", "move.down", "Down", "Select the row below"),
    _key("pageup", "move_page(-1)", "move.page_up", "Page up", "Go up one screen"),
    _key("pagedown", "move_page(1)", "move.page_down", "Page down",
         "Go down one screen"),
    _key("home", "first", "move.first", "First",
         "Go to the first row and stay there"),
    _key("end", "last", "move.last", "Last", "Go to the last row"),
    _key("shift+up,alt+up", "scroll(-1)", "move.scroll_up", "Scroll up",
         "Scroll up; the selection stays where it is"),
    _key("shift+down,alt+down", "scroll(1)", "move.scroll_down", "Scroll down",
         "Scroll down; the selection stays where it is"),
    _key("left,alt+h", "shift(-8)", "move.left", "Left", "Scroll to the left"),
    _key("right,alt+l", "shift(8)", "move.right", "Right",
         "Scroll to the right, along long command lines"),
    _key("ctrl+a,circumflex_accent", "shift_home", "move.line_start", "Line start",
         "Scroll to the start of the line"),
    _key("ctrl+e,dollar_sign", "shift_end", "move.line_end", "Line end",
         "Scroll to the end of the longest line shown"),
    _key("escape", "cancel", "find.cancel", "Cancel",
         "Leave the filter"),
    Binding("ctrl+z", "suspend_process", "Suspend", show=False, priority=True,
            id="program.suspend", tooltip="Stop until the shell continues it (fg)"),
    _key("f10,q", "quit", "program.quit", "Quit", "Leave montauk", bar=True),
    Binding("ctrl+c", "quit", "Quit", show=False, priority=True, id="program.interrupt",
            tooltip="Leave montauk, whatever is open"),
]  # fmt: skip


LOOK_BINDINGS: Final = [
    _key("f3,slash", "screen.search", "look.search", "Search",
         "Jump to the next line that contains a text", bar=True),
    _key("n", "screen.next(1)", "look.next", "Next",
         "Go to the next place of what was searched", bar=True),
    _key("N,shift+f3", "screen.next(-1)", "look.previous", "Previous",
         "Go to the place before"),
    _key("tab", "screen.section(1)", "look.section", "Section",
         "Go to the next section", bar=True),
    _key("shift+tab", "screen.section(-1)", "look.section_before", "Section before",
         "Go to the section before"),
    _key("l", "screen.jump('files')", "look.files", "Files",
         "Go to the open files", bar=True),
    _key("e", "screen.jump('environment')", "look.environment", "Environment",
         "Go to the environment", bar=True),
    _key("w", "screen.jump('command')", "look.command", "Command",
         "Go to the whole command line"),
    _key("x", "screen.jump('locks')", "look.locks", "Locks", "Go to the file locks"),
    _key("down,j,alt+j", "screen.move('down')", "look.down", "Down",
         "Scroll down a line"),
    _key("up,k,alt+k", "screen.move('up')", "look.up", "Up", "Scroll up a line"),
    _key("pagedown,space", "screen.move('page_down')", "look.page_down", "Page down",
         "Scroll down one screen"),
    _key("pageup", "screen.move('page_up')", "look.page_up", "Page up",
         "Scroll up one screen"),
    _key("home", "screen.move('home')", "look.home", "Start", "Go to the start"),
    _key("end", "screen.move('end')", "look.end", "End", "Go to the end"),
    _key("Z", "app.pause", "look.pause", "Pause",
         "Stop and go on; the page stays as it is"),
    _key("ctrl+l", "app.refresh_now", "look.refresh", "Refresh",
         "Read and draw everything now"),
    _key("escape,q,f10", "screen.leave", "look.leave", "Back", "Back to the table",
         bar=True),
]  # fmt: skip
"""The keys of the closer look at a process."""

EVERY_BINDING: Final = (*BINDINGS, *LOOK_BINDINGS)

OTHER_KEYS: Final = {"find": (("digits", "Jump to the process with that PID"),)}
"""Keys without a binding, by section: what is printed on them, and what they do."""


def is_acting(binding: Binding) -> bool:
    """Tell whether a key changes processes."""
    return (binding.id or "").startswith("act.")


KEY_NAMES: Final = {
    "question_mark": "?", "slash": "/", "backslash": "\\", "less_than_sign": "<",
    "greater_than_sign": ">", "comma": ",", "full_stop": ".", "percent_sign": "%",
    "number_sign": "#", "circumflex_accent": "^", "dollar_sign": "$", "pageup": "PgUp",
    "pagedown": "PgDn", "escape": "Esc", "left_square_bracket": "[",
    "right_square_bracket": "]", "left_curly_bracket": "{", "right_curly_bracket": "}",
    "minus": "-", "plus": "+", "asterisk": "*",
    "equals_sign": "=", "delete": "Del", "insert": "Ins", "at": "@", "underscore": "_",
    "tilde": "~", "colon": ":", "semicolon": ";", "ampersand": "&", "apostrophe": "'",
}  # fmt: skip


def key_name(key: str) -> str:
    """Return what is printed on a key: `F5`, `t`, `Ctrl-L`, `PgUp`."""
    if key in KEY_NAMES:
        return KEY_NAMES[key]
    for modifier in ("ctrl", "shift", "alt"):
        if key.startswith(f"{modifier}+"):
            rest = key_name(key[len(modifier) + 1 :])
            shown = rest.upper() if modifier == "ctrl" and len(rest) == 1 else rest
            return f"{modifier.capitalize()}-{shown}"
    if len(key) == 1 or "_" not in key:
        return key.capitalize() if len(key) > 1 else key
    return key_to_character(key) or key


def key_names(binding: Binding) -> list[str]:
    """Return what is printed on all keys of a binding; none where it has no key."""
    return [key_name(key) for key in binding.key.split(",") if key]
