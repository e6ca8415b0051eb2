"""Disks, interfaces and file systems as rows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from montauk_tui.engine.rows.build import frame_of
from montauk_tui.engine.rows.kinds import all_of
from montauk_tui.engine.rows.named import NameLookups, numbers_of
from montauk_tui.model.devices import Listed
from montauk_tui.model.frame import Frame
from montauk_tui.model.kinds import RowKind
from montauk_tui.model.lookups import Command
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import COMM_BYTES, NO_START


class _DeviceNames(NameLookups):
    """Names of devices; folders of a mount point are never left out."""

    def command(self, identity: Identity, comm: bytes) -> Command:
        """Return the name."""
        found = super().command(identity, comm)
        if self._raw(identity) is None:
            return found
        return found._replace(name_start=0)

    known_command = command


TEXTS: Final = ("net_state", "fs_type", "fs_source", "fs_mode")
"""The columns of texts."""

WHY: Final = "why"
"""The text in `Frame.texts` why values of a row are unknown."""


def devices(frame: Frame, kind: str) -> Frame:
    """Return a row for each device of a kind, by the names of `DeviceLists`."""
    listed: Mapping[str, Listed] = getattr(frame.sample.host.lists, kind) or {}
    rates = frame.host_rates.lists.get(kind, {})
    pids = numbers_of([*listed], RowKind.DEVICE)
    order = np.argsort(pids)
    every = [*listed]
    names = [every[at] for at in order.tolist()]
    size, pid = len(names), pids[order]
    raw = [name.encode() for name in names]
    table = ProcessTable(
        np.array(raw, dtype=f"S{COMM_BYTES}"),
        {
            "pid": pid,
            "tgid": pid,
            "start_ticks": np.full(size, NO_START),
            "flags": np.zeros(size, dtype=np.int64),
        },
    )
    rank = np.empty(size)
    rank[np.argsort(np.array(names, dtype=object))] = np.arange(size)
    rows = [rates.get(name, {}) for name in names]
    columns = {name for row in rows for name in row}
    extra = {
        name: np.array([row.get(name, np.nan) for row in rows]) for name in columns
    }
    extra |= {"kind": all_of(RowKind.DEVICE, size), "name_rank": rank}
    lookups = _DeviceNames(frame.lookups, pid, raw, {})
    made = frame_of(frame, table, np.full(size, np.nan), extra, lookups)
    texts = {
        column: [listed[name].texts.get(column, "") for name in names]
        for column in TEXTS
    }
    texts[WHY] = [listed[name].why for name in names]
    return replace(made, texts=texts)
