"""Whom an action is for: what is tagged, else the selection."""

from collections.abc import Callable, Sequence

from montauk_tui.actions.result import Outcome, Result, summary
from montauk_tui.engine.extra_cells import real_identity
from montauk_tui.engine.listing.kinds import RowKind, kind_of
from montauk_tui.engine.subtree import processes_of
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import UNKNOWN
from montauk_tui.model.text import clean
from montauk_tui.ui.actions.base import Actions

READ_ONLY = "read-only: no process is changed"


class TargetActions(Actions):
    """What all actions on processes share."""

    def targets(self) -> list[Identity]:
        """Return whom to act on; none, with a line that says why, where nobody is."""
        if self.choices.read_only:
            self.say(READ_ONLY)
            return []
        if self.choices.tags:
            return sorted(self.choices.tags)
        row = self.living_row()
        return [] if row is None else [row]

    def living_row(self) -> Identity | None:
        """Return the living process or thread that the selected row is about.

        That of an event may live. The row stays selected; where there is no such
        process a line says so.
        """
        frame, listed = self.frame_now, self.main.listed
        row = self.main.table.current
        place = None
        if row is not None and listed is not None:
            place = listed.sample.processes.row_of(row)
        if frame is None or listed is None or row is None or place is None:
            self.say("no process is selected")
            return None
        process = real_identity(listed, place)
        if frame.sample.processes.row_of(process) is None:
            self.say(no_process(listed, place))
            return None
        self.main.table.select_identity(row)
        return process

    def processes(self, targets: Sequence[Identity]) -> list[Identity]:
        """Return the processes that rows belong to."""
        if self.frame_now is None:
            return list(targets)
        return processes_of(self.frame_now.sample.processes, targets)

    def names(self, targets: Sequence[Identity]) -> str:
        """Return whom an action is for: name and PID of one, the number of more."""
        frame, listed = self.frame_now, self.main.listed
        if frame is None or listed is None:
            return ""
        if len(targets) == 1:
            table = frame.sample.processes
            row = table.row_of(targets[0])
            name = "" if row is None else f"{clean(table.comm[row])} "
            return f"{name}{targets[0].pid}"
        projection = self.main.projection
        hidden = (
            0
            if projection is None
            else len(targets)
            - sum(
                projection.position_of(listed, target) is not None for target in targets
            )
        )
        return f"{len(targets)} tagged" + (f", {hidden} not shown" if hidden else "")

    def act(
        self,
        label: str,
        verb: str,
        targets: Sequence[Identity],
        action: Callable[[Identity], Result],
    ) -> None:
        """Act on each, say what came of it, and look at the processes anew."""
        if self.frame_now is None or not targets:
            return
        if self.choices.read_only:
            self.say(READ_ONLY)
            return
        results = [action(target) for target in targets]
        line = summary(label, verb, results, self.frame_now.lookups.user)
        self.say(line, is_good=all(r.outcome is Outcome.DONE for r in results))
        self.sample_soon()


def no_process(listed: Frame, row: int) -> str:
    """Return why a row is about no process that lives."""
    kind, (pid, start_ticks) = kind_of(listed, row), real_identity(listed, row)
    if kind is RowKind.GROUP:
        return "this row stands for many processes, not for one"
    if kind is RowKind.EXITED_GROUP:
        return "this row stands for processes that ended"
    if start_ticks == UNKNOWN:
        return f"whether PID {pid} is still the process of this row is not known"
    if kind is RowKind.EVENT:
        return f"PID {pid}, which this event is about, has ended"
    name = clean(bytes(listed.sample.processes.comm[row]))
    return f"{name} {pid} has ended".lstrip()
