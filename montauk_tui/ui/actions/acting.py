"""Signals and nice values."""

from montauk_tui.actions import priority, signals
from montauk_tui.actions.autogroup import AutogroupNice
from montauk_tui.engine.subtree import with_descendants
from montauk_tui.ui.actions.targets import TargetActions

# The lists are imported by the keys that need them: 25 ms of start-up.
# ruff: noqa: PLC0415


class SignalActions(TargetActions):
    """Actions that send signals or set nice values."""

    last_signal: int

    def action_kill(self) -> None:
        """Offer every signal."""
        from montauk_tui.ui.screens.choose import Choice
        from montauk_tui.ui.screens.pick import Picked, PickScreen

        targets = self.processes(self.targets())
        if not targets or self.frame_now is None:
            return
        numbers = sorted(signals.NAMES, key=lambda it: (it != signals.DEFAULT, it))
        choices = [
            Choice(str(it), f"{it:2} {signals.NAMES[it]}", signals.meaning(it))
            for it in numbers
        ]
        table = self.frame_now.sample.processes
        below = len(with_descendants(table, targets)) - len(targets)
        whom = self.names(targets)

        def picked(chosen: Picked | None) -> None:
            if chosen is None or self.frame_now is None:
                return
            self.last_signal = number = int(chosen.id)
            chosen_ones = targets
            if chosen.switched:
                # Whoever was started while the list was open is meant as well.
                now = self.frame_now.sample.processes
                family = with_descendants(now, targets)
                chosen_ones = list(dict.fromkeys([*targets, *family]))
            self.act(
                signals.NAMES[number], "sent to", chosen_ones,
                lambda identity: signals.send(identity, number),
            )  # fmt: skip

        self.push_screen(
            PickScreen(
                f"Send to {whom}", choices, str(self.last_signal),
                f"Send to {whom} and {below} below" if below > 0 else "",
                f"and {below} below",
            ),
            picked,
        )  # fmt: skip

    def action_nice(self, step: int) -> None:
        """Add to the nice value."""
        self.act(
            f"nice {step:+}", "set for", self.targets(),
            lambda identity: priority.add_nice(identity, step),
        )  # fmt: skip

    def action_autogroup_nice(self, step: int) -> None:
        """Add to the nice value of the autogroup."""
        self.act(
            f"autogroup nice {step:+}", "set for", self.targets(),
            AutogroupNice(step).add,
        )  # fmt: skip
