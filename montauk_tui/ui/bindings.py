"""Every key of the monitor: the source of the help, key bar and palette."""

from typing import Final

from textual.binding import Binding
from textual.keys import key_to_character

SECTIONS: Final = {
    "move": "Moving",
    "find": "Finding",
    "tag": "Selecting",
    "act": "Actions",
    "sort": "Sorting",
    "show": "Display",
    "program": "Program",
    "time": "Other times",
    "look": "Process details",
}
"""Help headings by the first part of a binding id."""


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
         "Show every key and symbol", bar=True),
    _key("f2,C", "setup", "program.setup", "Setup",
         "Change columns, tabs, colours, behaviour and keys", bar=True),
    _key("ctrl+p", "command_palette", "program.palette", "Commands",
         "Find an action by name"),
    _key("f3,slash", "search", "find.search", "Search",
         "Jump to the next command that contains the text", bar=True),
    _key("f4,backslash", "filter", "find.filter", "Filter",
         "Show only rows that match: text, a|b, cpu > 10", bar=True),
    _key("f5,t,V", "tree", "show.tree", "Tree",
         "Switch between tree and list", bar=True),
    _key("f6,less_than_sign,greater_than_sign,comma,full_stop", "choose_sort",
         "sort.choose", "Sort", "Choose the column to sort by", bar=True),
    _key("f7", "nice(-1)", "act.nice_lower", "Nice-",
         "Lower the nice value: a larger share of the CPU", bar=True),
    _key("f8", "nice(1)", "act.nice_higher", "Nice+",
         "Raise the nice value: a smaller share of the CPU", bar=True),
    _key("r", "nice_value", "act.nice_set", "Nice value",
         "Set the nice value, chosen from a list"),
    _key("shift+f7", "autogroup_nice(-1)", "act.autogroup_lower",
         "Group nice-", "Lower the nice value of its autogroup (its session)"),
    _key("shift+f8", "autogroup_nice(1)", "act.autogroup_higher",
         "Group nice+", "Raise the nice value of its autogroup"),
    _key("f9,k", "kill", "act.kill", "Kill",
         "Send a signal, chosen from a list", bar=True),
    _key("i", "io_priority", "act.io", "I/O priority",
         "Set the I/O class and priority"),
    _key("a", "affinity", "act.affinity", "CPU affinity",
         "Set the CPUs it may run on"),
    _key("Y", "policy", "act.policy", "Policy", "Set the scheduling policy"),
    _key("s", "trace", "act.trace", "System calls",
         "Trace its system calls with strace"),
    _key("B", "backtrace", "act.backtrace", "Backtrace",
         "Backtrace its threads with eu-stack or gdb; it pauses briefly"),
    _key("space", "tag", "tag.one", "Tag", "Tag or untag, and move down one row"),
    _key("c", "tag_subtree", "tag.subtree", "Tag subtree",
         "Tag a process and all its descendants"),
    _key("A", "tag_all", "tag.all", "Tag all", "Tag every live process shown"),
    _key("U", "untag", "tag.none", "Untag", "Untag all"),
    _key("u", "choose_user", "tag.user", "User", "Show only the processes of one user"),
    _key("F", "follow", "tag.follow", "Follow",
         "Keep a process selected and visible until it exits"),
    _key("I,R", "invert", "sort.invert", "Invert", "Reverse the sort order", bar=True),
    _key("N", "sort('pid')", "sort.pid", "By PID", "Sort by PID"),
    _key("P", "sort('cpu_pct')", "sort.cpu", "By CPU%", "Sort by CPU use"),
    _key("M", "sort('rss_bytes')", "sort.mem", "By memory", "Sort by resident memory"),
    _key("T", "sort('cpu_time')", "sort.time", "By time", "Sort by total CPU time"),
    _key("o", "siblings", "sort.siblings", "Siblings",
         "Order siblings in the tree by start time or by a column"),
    _key("minus,plus,equals_sign", "fold", "show.fold", "Fold",
         "Fold or unfold a branch of the tree"),
    _key("asterisk", "fold_all", "show.fold_all", "Fold all",
         "Fold or unfold every branch of the tree"),
    _key("backspace", "fold_parent", "show.fold_parent", "Fold into parent",
         "Fold the enclosing branch and go to its parent"),
    _key("tab", "next_tab(1)", "show.next_tab", "Next tab",
         "Go to the next tab"),
    _key("shift+tab", "next_tab(-1)", "show.previous_tab", "Previous tab",
         "Go to the previous tab"),
    _key("S", "spawner", "show.spawner", "Spawner",
         "Go to the process that started the selected one", bar=True),
    _key("g", "group", "show.group", "Group",
         "Show groups: by cgroup, unit, container, user or program; group spawners"),
    _key("D", "devices", "show.devices", "Devices",
         "Show disks, then interfaces, then file systems"),
    _key("enter", "enter", "show.enter", "Open",
         "Show process details or open a group; in other tabs go to a live process"),
    _key("l", "look('files')", "show.files", "Files",
         "Show the details of a process at its open files"),
    _key("e", "look('environment')", "show.environment", "Environment",
         "Show the details of a process at its environment"),
    _key("w", "look('command')", "show.command", "Command line",
         "Show the details of a process at its full command line"),
    _key("x", "look('locks')", "show.locks", "File locks",
         "Show the details of a process at its file locks"),
    _key("X", "exited", "show.ended", "Exited",
         "Show or hide exited processes"),
    _key("K", "kernel_threads", "show.kernel", "Kernel threads",
         "Show or hide kernel threads"),
    _key("H", "user_threads", "show.threads", "Threads",
         "Show or hide the threads of processes"),
    _key("p", "paths", "show.paths", "Paths", "Show or hide program paths"),
    _key("m", "merged", "show.merged", "Merged",
         "Show the process name where it differs from the program"),
    _key("O", "containers", "show.containers", "Containers",
         "Show or hide processes in containers"),
    _key("percent_sign", "scale", "show.scale", "Scale",
         "Show CPU% of one core or of the whole machine"),
    _key("number_sign", "meters", "show.meters", "Meters", "Show or hide the meters"),
    _key("L", "timeline", "show.timeline", "Timeline",
         "Show or hide busy cores over the time that keys can go back to"),
    _key("v", "panel", "show.panel", "Panel",
         "Show or hide the panel for the selected process"),
    _key("ctrl+t", "choose_theme", "show.theme", "Theme",
         "Choose the theme, with a live preview"),
    _key("W", "save_settings", "program.save", "Save settings",
         "Save changed settings to the settings file"),
    _key("y", "copy", "program.copy", "Copy",
         "Copy the command line, the PID or the row to the clipboard"),
    _key("E", "write", "program.write", "Write",
         "Write the rows of this tab to a new file"),
    _key("Z", "pause", "program.pause", "Pause",
         "Pause or resume updates", bar=True),
    _key("d", "interval", "program.interval", "Interval",
         "Set the refresh interval"),
    _key("ctrl+l", "refresh_now", "program.refresh", "Refresh",
         "Refresh and redraw now"),
    _key("up,alt+k", "move(-1)", "move.up", "Up", "Select the row above"),
    _key("down,alt+j", "move(1)", "move.down", "Down", "Select the row below"),
    _key("pageup", "move_page(-1)", "move.page_up", "Page up", "Move up one screen"),
    _key("pagedown", "move_page(1)", "move.page_down", "Page down",
         "Move down one screen"),
    _key("home", "first", "move.first", "First",
         "Select the first row, whichever process is on it"),
    _key("end", "last", "move.last", "Last", "Select the last row"),
    _key("shift+up,alt+up", "scroll(-1)", "move.scroll_up", "Scroll up",
         "Scroll up without moving the selection"),
    _key("shift+down,alt+down", "scroll(1)", "move.scroll_down", "Scroll down",
         "Scroll down without moving the selection"),
    _key("left,alt+h", "shift(-8)", "move.left", "Left", "Scroll left"),
    _key("right,alt+l", "shift(8)", "move.right", "Right",
         "Scroll right, along long command lines"),
    _key("ctrl+a,circumflex_accent", "shift_home", "move.line_start", "Line start",
         "Scroll to the start of the line"),
    _key("ctrl+e,dollar_sign", "shift_end", "move.line_end", "Line end",
         "Scroll to the end of the longest line shown"),
    _key("left_square_bracket", "go(-1)", "time.back", "Back",
         "Go back one sample", bar=True),
    _key("right_square_bracket", "go(1)", "time.forward", "Forward",
         "Go forward one sample"),
    _key("left_curly_bracket", "go_s(-60)", "time.back_minute", "Minute back",
         "Go back one minute"),
    _key("right_curly_bracket", "go_s(60)", "time.forward_minute", "Minute forward",
         "Go forward one minute"),
    _key("b", "ask_time", "time.go", "Time",
         "Go to a time: 14:03:07, -90s, 3m ago"),
    _key("n", "seek", "time.seek", "Search in time",
         "Go to the next or previous exit that matches the filter, failure or spike"),
    _key("left_parenthesis", "mark_begin", "time.begin", "Begin of a sum",
         "Mark the moment that is shown as the begin of a sum"),
    _key("right_parenthesis", "sum_up", "time.sum", "Sum up",
         "Sum up from there to the moment that is shown, with all that exited"),
    _key("z", "speed", "time.speed", "Speed",
         "Play a recording at 1, 10 or 60 times its speed"),
    _key("ctrl+r", "record", "time.record", "Record",
         "Begin or end recording to disk"),
    _key("ctrl+home", "go_end(-1)", "time.first", "First moment",
         "Go to the first moment that is remembered or recorded"),
    _key("ctrl+end", "go_end(1)", "time.last", "Last moment",
         "Go to the end of a recording, or return to now"),
    _key("escape", "cancel", "find.cancel", "Cancel",
         "Return to now, or else clear the filter"),
    Binding("ctrl+z", "suspend_process", "Suspend", show=False, priority=True,
            id="program.suspend", tooltip="Suspend montauk; fg resumes it"),
    _key("f10,q", "quit", "program.quit", "Quit", "Quit montauk", bar=True),
    Binding("ctrl+c", "quit", "Quit", show=False, priority=True, id="program.interrupt",
            tooltip="Quit montauk from any screen"),
]  # fmt: skip


def jump_to(section: str) -> str:
    """Return the action of a key that goes to a section of the details."""
    return f"screen.jump({section!r})"


LOOK_BINDINGS: Final = [
    _key("slash,f3", "screen.search", "look.search", "Search",
         "Jump to the next line that contains the text", bar=True),
    _key("n", "screen.next(1)", "look.next", "Next",
         "Go to the next match", bar=True),
    _key("N,shift+f3", "screen.next(-1)", "look.previous", "Previous",
         "Go to the previous match"),
    _key("tab", "screen.section(1)", "look.section", "Section",
         "Go to the next section", bar=True),
    _key("shift+tab", "screen.section(-1)", "look.section_before", "Previous section",
         "Go to the previous section"),
    _key("l", jump_to("files"), "look.files", "Files",
         "Go to the open files", bar=True),
    _key("e", jump_to("environment"), "look.environment", "Environment",
         "Go to the environment", bar=True),
    _key("w", jump_to("command"), "look.command", "Command",
         "Go to the full command line", bar=True),
    _key("x", jump_to("locks"), "look.locks", "Locks", "Go to the file locks",
         bar=True),
    _key("down,j,alt+j", "screen.move('down')", "look.down", "Down",
         "Scroll down one line"),
    _key("up,k,alt+k", "screen.move('up')", "look.up", "Up", "Scroll up one line"),
    _key("pagedown,space", "screen.move('page_down')", "look.page_down", "Page down",
         "Scroll down one screen"),
    _key("pageup", "screen.move('page_up')", "look.page_up", "Page up",
         "Scroll up one screen"),
    _key("home", "screen.move('home')", "look.home", "Start", "Go to the start"),
    _key("end", "screen.move('end')", "look.end", "End", "Go to the end"),
    _key("Z", "app.pause", "look.pause", "Pause",
         "Pause or resume this page"),
    _key("ctrl+l", "app.refresh_now", "look.refresh", "Refresh",
         "Refresh and redraw this page"),
    _key("escape,q,f10", "screen.leave", "look.leave", "Back", "Return to the table",
         bar=True),
]  # fmt: skip
"""The keys of the process details page."""

FIRST_MINUTE: Final = (
    "program.help", "find.filter", "act.kill", "sort.choose", "show.tree",
    "find.search", "show.enter", "show.next_tab", "show.spawner", "program.quit",
)  # fmt: skip
"""The keys that matter most, in this order: the help begins with them, and a narrow
key bar keeps them."""

EVERY_BINDING: Final = (*BINDINGS, *LOOK_BINDINGS)

OTHER_KEYS: Final = {"find": (("digits", "Jump to the process with that PID"),)}
"""Keys without a binding, by section: their names and what they do."""


def is_acting(binding: Binding) -> bool:
    """Tell whether a key changes processes."""
    return (binding.id or "").startswith("act.")


KEY_NAMES: Final = {
    "question_mark": "?", "slash": "/", "backslash": "\\", "less_than_sign": "<",
    "greater_than_sign": ">", "comma": ",", "full_stop": ".", "percent_sign": "%",
    "number_sign": "#", "circumflex_accent": "^", "dollar_sign": "$", "pageup": "PgUp",
    "pagedown": "PgDn", "escape": "Esc", "left_square_bracket": "[",
    "right_square_bracket": "]", "left_curly_bracket": "{", "right_curly_bracket": "}",
    "left_parenthesis": "(", "right_parenthesis": ")",
    "minus": "-", "plus": "+", "asterisk": "*",
    "equals_sign": "=", "delete": "Del", "insert": "Ins", "at": "@", "underscore": "_",
    "tilde": "~", "colon": ":", "semicolon": ";", "ampersand": "&", "apostrophe": "'",
}  # fmt: skip


def key_name(key: str) -> str:
    """Return the name of a key: `F5`, `t`, `Ctrl-L`, `PgUp`."""
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
    """Return the names of a binding's keys; empty where it has none."""
    return [key_name(key) for key in binding.key.split(",") if key]
