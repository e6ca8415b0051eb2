"""The summary of a row, by its kind."""

from typing import Final

from montauk_tui.engine.rows.exited import exited_one
from montauk_tui.engine.rows.kinds import kind_of, real_identity
from montauk_tui.engine.summary import exited
from montauk_tui.engine.summary.device import device
from montauk_tui.engine.summary.items import Summary
from montauk_tui.engine.summary.live import living
from montauk_tui.model.frame import Frame
from montauk_tui.model.kinds import RowKind

_OF_MANY: Final = {
    RowKind.GROUP: exited.group,
    RowKind.EXITED_GROUP: exited.many,
    RowKind.DEVICE: device,
}
"""Of rows that are not about one process."""


def summarize(listed: Frame, row: int, *, machine_scale: bool) -> Summary:
    """Return the summary of a row.

    Args:
        listed: The rows that are shown.
        row: One of them.
        machine_scale: Whether 100 % of CPU is the whole machine.
    """
    whole = listed.whole or listed
    identity = real_identity(listed, row)
    kind = kind_of(listed, row)
    place = whole.sample.processes.row_of(identity)
    # One that exited while the sample was taken may still have a live row.
    if place is not None and kind is not RowKind.EXITED:
        summary = living(whole, place, machine_scale=machine_scale)
        if "forks_rate" in listed.extra:
            groups = (exited.spawned(listed, row), *summary.groups)
            return summary._replace(groups=groups)
        return summary
    if of_kind := _OF_MANY.get(kind):
        return of_kind(listed, row)
    if kind is RowKind.EVENT:
        found = exited_one(whole, identity)
        if found is None:
            return exited.unseen(listed, row)
        listed, row = found, 0
    return exited.exited(listed, row, machine_scale=machine_scale)
