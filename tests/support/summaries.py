"""A family of processes, and what is said of one of its rows."""

import numpy as np

from montauk_tui.engine.summary.items import Summary
from montauk_tui.engine.summary.subject import summarize
from montauk_tui.model.frame import Frame
from tests.support.builders import Row

INIT: Row = {"pid": 1, "ppid": 0, "comm": b"systemd", "start_ticks": 1}
FAMILY: tuple[Row, ...] = (
    INIT,
    {"pid": 20, "ppid": 1, "comm": b"sshd", "start_ticks": 2, "rss_bytes": 1 << 20},
    {"pid": 30, "ppid": 20, "comm": b"bash", "start_ticks": 3, "rss_bytes": 2 << 20},
    {"pid": 31, "ppid": 30, "comm": b"make", "start_ticks": 4, "rss_bytes": 3 << 20},
    {"pid": 32, "tgid": 31, "ppid": 30, "comm": b"job", "start_ticks": 5},
)


def told(listed: Frame, pid: int, **options: bool) -> Summary:
    """Return what is said of the row that is about a process."""
    table = listed.sample.processes
    real = listed.extra.get("real_pid", np.full(len(table), np.nan))
    pids = np.where(table.pid >= 0, table.pid, real)
    row = int(np.flatnonzero(pids == pid)[0])
    return summarize(listed, row, machine_scale=options.get("machine_scale", False))


def facts(summary: Summary) -> dict[str, str]:
    heads = tuple(listing.heads for listing in summary.lists)
    return {
        item.label: item.text for group in (*summary.groups, *heads) for item in group
    }


def entries(summary: Summary, head: str) -> list[str]:
    (found,) = (it for it in summary.lists if it.heads[0].label == head)
    return [f"{one.front} {one.number} {one.name}".strip() for one in found.entries]
