"""The command of a row: its text, the program's name in it, and a note beside it."""

from typing import NamedTuple

from rich.style import Style

from montauk_tui.engine.rows.notes import NO_NOTE, Note, note
from montauk_tui.engine.units import NOTHING_KNOWN
from montauk_tui.model.frame import Frame
from montauk_tui.model.lookups import Command, other_name
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import Ints
from montauk_tui.model.text import clean
from montauk_tui.ui.widgets.columns import RowStyle
from montauk_tui.ui.widgets.lines import Run


class CommandInputs(NamedTuple):
    """What the command of a row is made from."""

    command: Command
    comm: bytes
    kind: str
    """Role of a command without parts, empty for one of a process."""
    note: Note


def command_inputs(
    frame: Frame, rows: Ints, look: RowStyle, *, with_cause: bool
) -> list[CommandInputs]:
    """Return what the commands of some rows are made from.

    `with_cause` adds why a signal killed the process, unless a column says so.
    """
    table = frame.sample.processes
    is_thread = (table.pid[rows] != table.tgid[rows]).tolist()
    is_kernel = table.is_kernel[rows].tolist()
    names: list[bytes] = table.comm[rows].tolist()
    # Only some lists have notes.
    has_notes = bool(frame.extra)
    arrow = "<-" if look.ascii else "←"
    found: list[CommandInputs] = []
    whose = map(Identity, table.pid[rows].tolist(), table.start_ticks[rows].tolist())
    for place, (row, identity) in enumerate(zip(rows.tolist(), whose, strict=True)):
        comm = names[place]
        if is_thread[place]:
            name = clean(comm)
            found.append(
                CommandInputs(Command(name, 0, len(name)), comm, "thread", NO_NOTE)
            )
            continue
        command = frame.lookups.command(identity, comm)
        kind = "faint" if is_kernel[place] else ""
        remark = NO_NOTE
        if has_notes and not kind:
            remark = note(frame, row, arrow, with_cause=with_cause)
        found.append(CommandInputs(command, comm, kind, remark))
    return found


def command_runs(given: CommandInputs, look: RowStyle) -> list[Run]:
    """Return the command of a row."""
    styles = look.theme.styles
    command, comm, kind, remark = given
    if kind:
        return _marked(command.text, styles[kind], look)
    runs: list[Run] = []
    if remark.front:
        role = "warm" if remark.is_failure else "label"
        runs.append((f"[{remark.front}] ", styles[role]))
    if remark.is_past:
        # One that failed is what one looks for.
        role = "label" if remark.is_failure else "faint"
        runs += _marked(command.text or NOTHING_KNOWN, styles[role], look)
    else:
        if look.merged and (name := other_name(command, comm)):
            runs += _marked(name, styles["thread"], look)
            runs.append((" | " if look.ascii else " │ ", styles["tree"]))
        runs += _program_runs(command, look)
    if remark.behind:
        before, failed, after = remark.behind.partition(remark.failed or "\0")
        parts = ((f"  {before}", "label"), (failed, "warm"), (after, "label"))
        runs += [(part, styles[role]) for part, role in parts if part]
    return runs


def _program_runs(command: Command, look: RowStyle) -> list[Run]:
    """Return folder, name and arguments; of an interpreter also those of its script."""
    text, start, end, script = command
    if not text:
        return [(NOTHING_KNOWN, look.theme.styles["faint"])]
    # A bracket of `[name]` is no folder.
    before = "path" if text[:start].endswith("/") else "arguments"
    parts = [(0, start, before), (start, end, "name")]
    if script is not None:
        path, name, past = script
        parts += [(end, path, "arguments"), (path, name, "path"), (name, past, "name")]
        end = past
    parts.append((end, len(text), "arguments"))
    runs: list[Run] = []
    for first, past, role in parts:
        if first < past and (look.paths or role != "path"):
            runs += _marked(text[first:past], look.theme.styles[role], look)
    return runs


def _marked(text: str, style: Style, look: RowStyle) -> list[Run]:
    """Return `text` with every occurrence of the searched text marked."""
    if not look.search or look.search not in text.lower():
        return [(text, style)]
    mark = look.theme.style("match")
    runs: list[Run] = []
    at, lower = 0, text.lower()
    while (found := lower.find(look.search, at)) >= 0 and len(lower) == len(text):
        if found > at:
            runs.append((text[at:found], style))
        at = found + len(look.search)
        runs.append((text[found:at], mark))
    if at < len(text):
        runs.append((text[at:], style))
    return runs
