"""System calls and backtraces of a process, by the programs for that."""

from typing import TYPE_CHECKING

from montauk_tui import shortage
from montauk_tui.model.sample import Identity
from montauk_tui.model.text import clean
from montauk_tui.ui.actions.targets import READ_ONLY, TargetActions

# The screen and what it runs are imported by the keys that need them.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from montauk_tui.actions.tracing import Tool


class TracingActions(TargetActions):
    """Actions that stop a process to look into it."""

    def action_trace(self) -> None:
        """Show the system calls that the selected process makes."""
        from montauk_tui.actions import tracing

        self._run("system calls", tracing.TRACE)

    def action_backtrace(self) -> None:
        """Show where the threads of the selected process are."""
        from montauk_tui.actions import tracing

        self._run("backtrace", tracing.BACKTRACE)

    def _run(self, label: str, tools: "tuple[Tool, ...]") -> None:
        from montauk_tui.actions import tracing
        from montauk_tui.ui.screens.output import OutputScreen

        process = self._whom()
        if process is None or self.frame_now is None:
            return
        tool = tracing.find(tools)
        if tool is None:
            self.say(f"{label}: {tracing.missing(tools)}")
            return
        refused = tracing.why_not(process)
        if refused is not None:
            why = refused.why(self.frame_now.lookups.user)
            said = f"{refused.outcome.value}: {why}" if why else refused.outcome.value
            self.say(f"{label}: PID {process.pid} {said}")
            return
        table = self.frame_now.sample.processes
        row = table.row_of(process)
        name = "" if row is None else clean(bytes(table.comm[row]))
        try:
            running = tracing.Running(process, tool)
        except (OSError, RuntimeError, MemoryError) as error:
            self.say(f"{label}: {shortage.of(error) or error}")
            return
        self.push_screen(OutputScreen(running, name, self.look, self.keymap.look))

    def _whom(self) -> Identity | None:
        """Return the process of the selected row, where it may be stopped."""
        if self.choices.read_only:
            self.say(READ_ONLY)
            return None
        row = self.living_row()
        if row is None:
            return None
        found = self.processes([row])
        return found[0] if found else None
