"""Whom an action is for: what is tagged, else the selection."""

from collections.abc import Callable, Sequence

from montauk_tui.actions.result import Outcome, Result, summary
from montauk_tui.engine.listing.ended import is_fold
from montauk_tui.engine.subtree import processes_of
from montauk_tui.model.sample import Identity
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
        """Return the living process or thread that is selected, and keep it selected.

        Where there is none a line says so.
        """
        row = self.main.table.current
        frame = self.frame_now
        if row is None or frame is None:
            self.say("no process is selected")
        elif is_fold(row.pid):
            self.say("this row stands for processes that ended")
        elif frame.sample.processes.row_of(row) is None:
            self.say("this row is no process that lives")
        else:
            self.main.table.select_identity(row)
            return row
        return None

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
