"""The details of an exited process: what its exit record tells."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from montauk_tui.engine.columns.cells import Level
from montauk_tui.engine.rows.exited import exited_one
from montauk_tui.engine.rows.kinds import extra_value
from montauk_tui.engine.summary.exited import (
    how_text,
    used_facts,
    when_facts,
    who_facts,
    why_facts,
)
from montauk_tui.engine.summary.items import Fact, Item
from montauk_tui.engine.units import NOTHING_KNOWN
from montauk_tui.model.details import (
    SECTIONS,
    Amount,
    Datum,
    Details,
    Section,
    Unit,
    command_section,
    with_missing,
)
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import Identity
from montauk_tui.model.text import clean

_EXIT: Final = "exit"
_EXITED: Final = "Exited"
_PLACES: Final = {"Memory": ("memory", "RSS"), "Cgroup": ("cgroup", "Path")}
"""Section and label there of facts by their labels; the others are in `usage`."""
_WHY_MISSING: Final = "these are read of a process while it is alive"


def exited_details(frame: Frame, identity: Identity) -> Details | None:
    """Return what is known of an exited process, None if history does not keep it."""
    listed = exited_one(frame.whole or frame, identity)
    if listed is None:
        return None
    table, lookups = listed.sample.processes, listed.lookups
    listed_as = table.identity(0)
    status = extra_value(listed, "exit_status", 0)
    command = lookups.command(listed_as, bytes(table.comm[0])).text
    how = Datum("Status", how_text(status), notable=status > 0)
    exit_ = (how, *_data(why_facts(listed, 0)), *_when(listed))
    origin = (Datum("Command", command), Datum("PID", str(identity.pid)))
    known = [
        Section(_EXIT, "Exit", exit_),
        Section("process", "Process", (*origin, *_data(who_facts(listed, 0)))),
        *_use(listed),
    ]
    if raw := lookups.cmdline(listed_as):
        is_cut = bool(lookups.cut_rows(table)[0])
        known.append(command_section(raw, is_cut=is_cut))
    return Details(
        identity=identity,
        name=clean(bytes(table.comm[0])),
        uid=int(table.uid[0]),
        monotonic_s=frame.sample.monotonic_s,
        sections=with_missing(known, "Not known", _WHY_MISSING),
        is_read=False,
    )


def with_exit(details: Details, exited: Details) -> Details:
    """Return what was read of a process while it lived, below how it exited."""
    exit_section = exited.section(_EXIT)
    if exit_section is None or details.section(_EXIT) is not None:
        return details
    return replace(details, sections=(exit_section, *details.sections))


def _when(listed: Frame) -> Iterator[Datum]:
    """Yield when it exited: not how long ago, as the page stays while time passes."""
    for datum in _data(when_facts(listed, 0)):
        if datum.label == _EXITED:
            ended_s = extra_value(listed, "ended_s", 0)
            yield Datum(_EXITED, Amount(ended_s, Unit.MOMENT))
        else:
            yield datum


def _use(listed: Frame) -> Iterator[Section]:
    """Yield what it used, each part where the details of a live process have it."""
    parts: dict[str, list[Datum]] = {"usage": [], "memory": [], "cgroup": []}
    for datum in _data(used_facts(listed, 0)):
        section_id, label = _PLACES.get(datum.label, ("usage", datum.label))
        parts[section_id].append(replace(datum, label=label))
    for section_id, data in parts.items():
        if data:
            yield Section(section_id, SECTIONS[section_id], tuple(data))


def _data(*groups: tuple[Item, ...]) -> tuple[Datum, ...]:
    """Return facts as values; what is not known is left out."""
    return tuple(
        Datum(fact.label, fact.text, notable=fact.level is Level.WARM)
        for group in groups
        for fact in group
        if isinstance(fact, Fact) and fact.text != NOTHING_KNOWN
    )
