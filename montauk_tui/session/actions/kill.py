"""Sending signals."""

from dataclasses import replace
from functools import partial

from montauk_tui.engine.subtree import processes_of, with_descendants
from montauk_tui.engine.units import counted
from montauk_tui.model import signals
from montauk_tui.model.sample import Identity
from montauk_tui.session.actions.targets import act, actions, names, targets
from montauk_tui.session.effects import Choice, Pick, Picked, Update
from montauk_tui.session.state import Session


def kill(session: Session) -> Update:
    """Offer every signal, the usual ones first."""
    session, rows = targets(session)
    table = session.seen.frame.sample.processes
    whom = processes_of(table, rows)
    numbers = dict.fromkeys([*signals.USUAL, *signals.NAMES])
    choices = [
        Choice(str(it), f"{it:2} {signals.NAMES[it]}", signals.meaning(it))
        for it in numbers
    ]
    below = len(with_descendants(table, whom)) - len(whom)
    others = counted(below, "descendant")
    title = f"Send to {names(session, whom)}"
    pick = Pick(
        title,
        choices,
        str(session.last_signal),
        partial(_send, whom),
        verb="send",
        first=len(signals.USUAL),
        switched_title=f"{title} and {others}" if below > 0 else "",
        switch_adds=others,
    )
    return Update(session, pick)


def _send(whom: list[Identity], session: Session, picked: Picked) -> Update:
    """Send the signal; with the switch on to all descendants as well."""
    number = int(picked.id)
    if picked.switched:
        # Includes descendants started while the list was open.
        family = with_descendants(session.seen.frame.sample.processes, whom)
        whom = list(dict.fromkeys([*whom, *family]))
    return act(
        replace(session, last_signal=number), signals.NAMES[number], "sent to", whom,
        lambda identity: actions(session).send_signal(identity, number),
    )  # fmt: skip
