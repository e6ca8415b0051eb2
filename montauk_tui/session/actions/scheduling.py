"""Nice values, I/O priority, CPU affinity and scheduling policy."""

from functools import partial

from montauk_tui.engine.units import counted
from montauk_tui.model.ioprio import LEVELS
from montauk_tui.model.names import REAL_TIME
from montauk_tui.model.sample import Identity
from montauk_tui.session.actions.targets import act, actions, names, targets
from montauk_tui.session.effects import Choice, Pick, Picked, Toggle, Update
from montauk_tui.session.state import Session

_POLICIES = {
    "other": "default: by nice value",
    "batch": "batch jobs that no user waits for",
    "idle": "only when nothing else runs",
    "fifo": "real time, first in, first out",
    "rr": "real time, round robin",
}


def nice(session: Session, step: int) -> Update:
    """Add to the nice value."""
    session, whom = targets(session)
    return act(
        session, f"nice {step:+}", "set for", whom,
        lambda identity: actions(session).add_nice(identity, step),
    )  # fmt: skip


def choose_nice(session: Session) -> Update:
    """Offer the nice values."""
    session, whom = targets(session)
    table = session.seen.frame.sample.processes
    row = table.row_of(whom[0])
    now = "0" if row is None else str(table.nice[row])
    notes = {-20: "the largest share of the CPU", 0: "default", 19: "the smallest"}
    choices = [Choice(str(it), f"{it:3}", notes.get(it, "")) for it in range(-20, 20)]
    title = f"Nice value of {names(session, whom)}"
    return Update(session, Pick(title, choices, now, partial(_set_nice, whom)))


def _set_nice(whom: list[Identity], session: Session, picked: Picked) -> Update:
    value = int(picked.id)
    return act(
        session, f"nice {value}", "set for", whom,
        lambda identity: actions(session).set_nice(identity, value),
    )  # fmt: skip


def autogroup_nice(session: Session, step: int) -> Update:
    """Add to the nice value of the autogroup."""
    session, whom = targets(session)
    add = actions(session).autogroup_adder(step)
    return act(session, f"autogroup nice {step:+}", "set for", whom, add)


def choose_io_priority(session: Session) -> Update:
    """Offer the I/O classes and their levels."""
    session, whom = targets(session)
    choices = [Choice("none", "none", "by nice value")]
    for name, meaning in (("best-effort", ""), ("realtime", "before all other I/O")):
        choices += [
            Choice(f"{name}{level}", f"{name} {level}", _order(level, meaning))
            for level in LEVELS
        ]
    choices.append(Choice("idle", "idle", "only when the disk is otherwise idle"))
    name, level = actions(session).io_priority(whom[0])
    current = name if name in ("none", "idle") else f"{name}{level}"
    title = f"I/O priority of {names(session, whom)}"
    return Update(session, Pick(title, choices, current, partial(_set_io, whom)))


def _set_io(whom: list[Identity], session: Session, picked: Picked) -> Update:
    name = picked.id.rstrip("01234567")
    level = int(picked.id[len(name) :] or 0)
    return act(
        session, f"I/O {name} {level}" if name != picked.id else f"I/O {name}",
        "set for", whom,
        lambda identity: actions(session).set_io_priority(identity, name, level),
    )  # fmt: skip


def _order(level: int, meaning: str) -> str:
    place = {0: "first", 4: "default", 7: "last"}.get(level, "")
    return ", ".join(filter(None, (meaning if level == 0 else "", place)))


def choose_affinity(session: Session) -> Update:
    """Offer the CPUs."""
    session, whom = targets(session)
    online = session.seen.frame.sample.host.cpu_ids.tolist()
    chosen = actions(session).affinity(whom[0])
    title = f"CPUs for {names(session, whom)}"
    then = partial(_set_affinity, whom)
    return Update(session, Toggle(title, "CPU", online, chosen, then))


def _set_affinity(
    whom: list[Identity], session: Session, cpus: frozenset[int]
) -> Update:
    return act(
        session, counted(len(cpus), "CPU"), "set for", whom,
        lambda identity: actions(session).set_affinity(identity, cpus),
    )  # fmt: skip


def choose_policy(session: Session) -> Update:
    """Offer the scheduling policies."""
    session, whom = targets(session)
    choices = [Choice(name, name, meaning) for name, meaning in _POLICIES.items()]
    current = actions(session).policy(whom[0])
    title = f"Scheduling policy of {names(session, whom)}"
    return Update(session, Pick(title, choices, current, partial(_take_policy, whom)))


def _take_policy(whom: list[Identity], session: Session, picked: Picked) -> Update:
    """Set the policy, or ask for a priority first."""
    name = picked.id
    if name not in REAL_TIME:
        return _set_policy(whom, name, session, Picked("0"))
    notes = {1: "before all non-real-time processes", 99: "highest"}
    levels = [Choice(str(it), str(it), notes.get(it, "")) for it in range(1, 100)]
    title = f"Priority of {name} for {names(session, whom)}"
    return Update(session, Pick(title, levels, "1", partial(_set_policy, whom, name)))


def _set_policy(
    whom: list[Identity], name: str, session: Session, picked: Picked
) -> Update:
    level = int(picked.id)
    return act(
        session, f"policy {name} {level}" if level else f"policy {name}",
        "set for", whom,
        lambda identity: actions(session).set_policy(identity, name, level),
    )  # fmt: skip
