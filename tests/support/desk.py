"""The session without a screen: a test runs actions, and sees what they say."""

import ast
from collections.abc import Callable
from typing import Any

from montauk_tui.collectors.registry import Opened
from montauk_tui.config import Settings
from montauk_tui.engine.columns.cells import command_text
from montauk_tui.engine.columns.extra_cells import pid_text
from montauk_tui.engine.rows.notes import note
from montauk_tui.host.base import Host
from montauk_tui.host.local import LocalHost
from montauk_tui.model.frame import Frame
from montauk_tui.session.actions.tagging import take_frame
from montauk_tui.session.effects import (
    Choose,
    Effect,
    Pick,
    Result,
    Say,
    Toggle,
    Update,
    Work,
)
from montauk_tui.session.state import Rows, Session
from montauk_tui.session.table import call_action, update_of
from tests.support.replay import ReplayCollector
from tests.support.scenes import scene_collector


def done(work: Work) -> Say:
    """Take all steps, and return what is said then."""
    while True:
        try:
            next(work.steps)
        except StopIteration as end:
            said: Say = end.value
            return said


class Desk:
    """A session that goes on with what each action returns."""

    def __init__(
        self,
        collector: ReplayCollector | None = None,
        settings: Settings | None = None,
        host: Host | None = None,
    ) -> None:
        collector = collector or scene_collector()
        collector.open()
        self._source = host or LocalHost(Opened(collector, ()))
        self.session = Session.start(
            settings or Settings(),
            "montauk-dark",
            self._source.actions,
            self._source.past,
        )
        self.effects: tuple[Effect, ...] = ()
        """What the last action asked of the screen."""
        self.said = ""
        """The last line that was shown."""
        self.sample()
        self.sample()

    def sample(self) -> None:
        """Take another frame."""
        self.draw(self._source.next_frame(self.session.choices.needs))

    def draw(self, frame: Frame) -> None:
        """Take a frame as if it had been sampled."""
        self._take(take_frame(self.session, frame))

    def run(self, *actions: str) -> None:
        """Run actions, written as bindings write them."""
        for action in actions:
            name, _, args = action.partition("(")
            values = ast.literal_eval(f"({args[:-1]},)") if args else ()
            self._take(call_action(self.session, name, *values))

    def answer(self, answer: Any) -> None:
        """Choose from the list that is open."""
        (effect,) = self.effects
        assert isinstance(effect, Choose | Pick | Toggle)
        then: Callable[[Session, Any], Result] = effect.then
        self._take(update_of(self.session, lambda: then(self.session, answer)))

    def _take(self, update: Update) -> None:
        self.session, self.effects = update.session, update.effects
        for effect in update.effects:
            said = done(effect) if isinstance(effect, Work) else effect
            if isinstance(said, Say):
                self.said = said.text

    # --- what is shown ----------------------------------------------------------------

    @property
    def rows(self) -> Rows:
        assert self.session.rows is not None
        return self.session.rows

    @property
    def frame(self) -> Frame:
        assert self.session.frame is not None
        return self.session.frame

    @property
    def shown_pids(self) -> list[int]:
        """The pids of the rows that are shown, top to bottom."""
        pid = self.rows.listed.sample.processes.pid[self.rows.projection.rows]
        pids: list[int] = pid.tolist()
        return pids

    @property
    def current_pid(self) -> int | None:
        current = self.session.current
        return None if current is None else current.number

    @property
    def tab(self) -> str:
        """The title of the tab."""
        return self.session.choices.tab_now.title

    @property
    def texts(self) -> list[str]:
        """PID and command of the rows that are shown."""
        listed = self.rows.listed
        return [
            f" {pid_text(listed, row)} "
            + note(listed, row).around(command_text(listed, row))
            for row in self.rows.projection.rows.tolist()
        ]

    def choose(self, pid: int) -> None:
        """Select the row of a pid."""
        self.run(f"select({self.shown_pids.index(pid)})")

    def find(self, text: str) -> None:
        """Select the first row with a text."""
        self.run(f"select({[text in row for row in self.texts].index(True)})")
