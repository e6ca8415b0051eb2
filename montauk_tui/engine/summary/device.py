"""The summary of a disk, an interface or a file system."""

from montauk_tui.engine.columns.cells import Level, command_text
from montauk_tui.engine.columns.device_columns import DEVICE_COLUMNS
from montauk_tui.engine.rows.devices import WHY
from montauk_tui.engine.summary.items import Fact, Group, Summary
from montauk_tui.engine.units import NOTHING_KNOWN
from montauk_tui.model.frame import Frame


def device(listed: Frame, row: int) -> Summary:
    """Return everything that is known of a device, by the titles of the columns."""
    known: Group = tuple(
        Fact(column.title, text, column.level(listed, row), joint=" ")
        for column in DEVICE_COLUMNS
        if (column.id in listed.extra or column.id in listed.texts)
        and (text := column.text(listed, row)) != NOTHING_KNOWN
    )
    why = listed.texts[WHY][row]
    reason: Group = (Fact("Unknown", why, Level.WARM, joint=" "),) if why else ()
    return Summary(
        name=command_text(listed, row),
        number="",
        said="",
        level=Level.PLAIN,
        command=None,
        groups=(known, reason) if reason else (known,),
    )
