"""Choosing processes: tags, the processes of a user, following one."""

from dataclasses import replace

import numpy as np

from montauk_tui.engine.subtree import with_descendants
from montauk_tui.engine.units import counted
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import UNKNOWN
from montauk_tui.ui.actions.targets import TargetActions

# The lists are imported by the keys that need them: 25 ms of start-up.
# ruff: noqa: PLC0415

_EVERYBODY = "everybody"


class TaggingActions(TargetActions):
    """Actions that choose whom others are for."""

    def action_tag(self) -> None:
        """Tag the selection or untag it, and go on to the next row."""
        row = self.living_row()
        if row is not None:
            self.choose(replace(self.choices, tags=self.choices.tags ^ {row}))
            self.main.table.select(self.main.table.position + 1)

    def action_tag_subtree(self) -> None:
        """Tag the selection and all that descend from it."""
        row = self.living_row()
        if row is not None and self.frame_now is not None:
            family = with_descendants(self.frame_now.sample.processes, [row])
            self.choose(replace(self.choices, tags=self.choices.tags | {*family}))

    def action_untag(self) -> None:
        """Untag all."""
        self.choose(replace(self.choices, tags=frozenset()))

    def action_choose_user(self) -> None:
        """Offer everybody who has processes."""
        from montauk_tui.ui.screens.choose import Choice, ChooseScreen

        if self.frame_now is None:
            return
        table, user = self.frame_now.sample.processes, self.frame_now.lookups.user
        uids, counts = np.unique(table.uid[table.is_process], return_counts=True)
        by_name = sorted(
            (user(uid), uid, count)
            for uid, count in zip(uids.tolist(), counts.tolist(), strict=True)
            if uid != UNKNOWN
        )
        choices = [Choice(_EVERYBODY, _EVERYBODY, "")] + [
            Choice(str(uid), name, counted(count, "process", "processes"))
            for name, uid, count in by_name
        ]

        def chosen(who: str | None) -> None:
            if who is not None:
                uid = None if who == _EVERYBODY else int(who)
                view = replace(self.choices.view, uid=uid)
                self.choose(replace(self.choices, view=view))

        current = self.choices.view.uid
        at = _EVERYBODY if current is None else str(current)
        self.push_screen(ChooseScreen("Processes of", choices, at), chosen)

    def action_follow(self) -> None:
        """Keep the selection in sight, or no longer."""
        if self.choices.following is not None:
            self.choose(replace(self.choices, following=None))
            return
        row = self.living_row()
        if row is None:
            return
        if row != self.main.table.current:
            self.say(f"PID {row.pid} is no row of this list; Enter goes to it")
            return
        self.choose(replace(self.choices, following=row))

    def forget_gone(self, frame: Frame) -> None:
        """Drop tags of processes that are gone, and end following one of them."""
        table, choices = frame.sample.processes, self.choices
        tags = choices.tags
        alive = frozenset(tag for tag in tags if table.row_of(tag) is not None)
        if alive != tags:
            self.choices = choices = replace(choices, tags=alive)
        followed = choices.following
        if followed is not None and table.row_of(followed) is None:
            self.choices = replace(choices, following=None)
            self.say(f"PID {followed.pid}, which was followed, has ended")

    def stop_following_another(self) -> None:
        """End following where another row was selected."""
        followed = self.choices.following
        if followed is not None and self.main.table.selected != followed:
            self.choices = replace(self.choices, following=None)
