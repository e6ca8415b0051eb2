"""I/O priority, CPU affinity and scheduling policy."""

from functools import partial
from typing import TYPE_CHECKING

from montauk_tui.actions import io_priority, priority
from montauk_tui.engine.units import counted
from montauk_tui.model.ioprio import LEVELS
from montauk_tui.model.sample import Identity
from montauk_tui.ui.actions.targets import TargetActions

# The lists are imported by the keys that need them: 25 ms of start-up.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from montauk_tui.ui.screens.pick import Picked

_POLICIES = {
    "other": "the usual one: by nice value",
    "batch": "work that nobody waits for",
    "idle": "only when nothing else runs",
    "fifo": "real time, until it waits or yields",
    "rr": "real time, taking turns",
}


class TuningActions(TargetActions):
    """Actions that offer a list, and set what is chosen for all of a process."""

    def action_io_priority(self) -> None:
        """Offer the I/O classes and their levels."""
        from montauk_tui.ui.screens.choose import Choice
        from montauk_tui.ui.screens.pick import PickScreen

        targets = self.targets()
        if not targets:
            return
        choices = [Choice("none", "none", "by nice value")]
        for name, meaning in (("best-effort", ""), ("realtime", "before all others")):
            choices += [
                Choice(f"{name}{level}", f"{name} {level}", _order(level, meaning))
                for level in LEVELS
            ]
        choices.append(Choice("idle", "idle", "only when nobody else wants it"))
        name, level = io_priority.current(targets[0].pid)
        current = name if name in ("none", "idle") else f"{name}{level}"

        def picked(chosen: "Picked | None") -> None:
            if chosen is not None:
                name = chosen.id.rstrip("01234567")
                level = int(chosen.id[len(name) :] or 0)
                self.act(
                    f"I/O {name} {level}" if name != chosen.id else f"I/O {name}",
                    "set for", targets,
                    lambda identity: io_priority.put(identity, name, level),
                )  # fmt: skip

        title = f"I/O priority of {self.names(targets)}"
        self.push_screen(PickScreen(title, choices, current), picked)

    def action_affinity(self) -> None:
        """Offer the CPUs."""
        from montauk_tui.ui.screens.toggles import TogglesScreen

        targets = self.targets()
        if not targets or self.frame_now is None:
            return

        def taken(cpus: frozenset[int] | None) -> None:
            if cpus is not None:
                self.act(
                    counted(len(cpus), "CPU"), "set for", targets,
                    lambda identity: priority.set_affinity(identity, cpus),
                )  # fmt: skip

        online = self.frame_now.sample.host.cpu_ids.tolist()
        chosen = priority.affinity(targets[0].pid)
        title = f"CPUs for {self.names(targets)}"
        self.push_screen(TogglesScreen(title, "CPU", online, chosen), taken)

    def action_policy(self) -> None:
        """Offer the scheduling policies."""
        from montauk_tui.ui.screens.choose import Choice
        from montauk_tui.ui.screens.pick import PickScreen

        targets = self.targets()
        if not targets:
            return
        choices = [Choice(name, name, said) for name, said in _POLICIES.items()]
        current = priority.policy(targets[0].pid)
        title = f"Scheduling policy of {self.names(targets)}"
        screen = PickScreen(title, choices, current)
        self.push_screen(screen, partial(self._policy_picked, targets))

    def _policy_picked(self, targets: list[Identity], chosen: "Picked | None") -> None:
        """Set the policy, or ask for a priority first."""
        from montauk_tui.ui.screens.choose import Choice
        from montauk_tui.ui.screens.pick import PickScreen

        if chosen is None:
            return
        name = chosen.id
        if name not in priority.REAL_TIME:
            self._set_policy(targets, name, 0)
            return

        def picked(level: "Picked | None") -> None:
            if level is not None:
                self._set_policy(targets, name, int(level.id))

        notes = {1: "before all that is not real time", 99: "before everything"}
        levels = [Choice(str(it), str(it), notes.get(it, "")) for it in range(1, 100)]
        title = f"Priority of {name} for {self.names(targets)}"
        self.push_screen(PickScreen(title, levels, "1"), picked)

    def _set_policy(self, targets: list[Identity], name: str, level: int) -> None:
        self.act(
            f"policy {name} {level}" if level else f"policy {name}",
            "set for", targets,
            lambda identity: priority.set_policy(identity, name, level),
        )  # fmt: skip


def _order(level: int, meaning: str) -> str:
    place = {0: "first", 4: "usual", 7: "last"}.get(level, "")
    return ", ".join(filter(None, (meaning if level == 0 else "", place)))
