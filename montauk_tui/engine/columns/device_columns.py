"""Columns of the lists of disks, interfaces and file systems."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Final

from montauk_tui.engine import units
from montauk_tui.engine.columns import extra_cells as extra
from montauk_tui.engine.columns.cells import Level, Meaning
from montauk_tui.engine.columns.column import Column, Kind, extra_column
from montauk_tui.engine.order import known_rank
from montauk_tui.engine.units import NOTHING_KNOWN
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Floats, Ints


def _column(
    name: str,
    title: str,
    description: str,
    write: Callable[[float], str],
    level: Meaning | None = None,
) -> Column:
    """Return a column of numbers of devices."""
    is_rate = write is units.byte_rate_text
    # Wider than the title, so that its arrow leaves a gap.
    is_long = write in (units.lifetime_text, units.percent_text)
    width = 7 if is_rate else 6 if is_long else 5
    column = extra_column(
        name, title, description, max(width, len(title)), write,
        level or extra.faint_zero(name),
    )  # fmt: skip
    return replace(column, kind=Kind.SIZE if is_rate else None)


def _trouble(name: str, title: str, description: str) -> Column:
    """Return a column of a rate that should be 0."""
    return _column(name, title, description, units.rate_text, extra.failure_level(name))


def _yielding(rank: int, column: Column) -> Column:
    """Return a column that is dropped on a narrow screen."""
    return replace(column, yields=rank)


def _text_column(name: str, title: str, description: str, width: int) -> Column:
    """Return a column of texts of devices."""

    def texts(frame: Frame) -> list[str]:
        every = frame.texts.get(name)
        return [""] * len(frame.sample.processes) if every is None else [*every]

    def key(frame: Frame) -> Floats:
        return known_rank(texts(frame))

    def inputs(frame: Frame, rows: Ints) -> Sequence[Hashable]:
        every = texts(frame)
        return [every[row] for row in rows.tolist()]

    return Column(
        name, title, description, width, key,
        lambda frame, row: texts(frame)[row] or NOTHING_KNOWN,
        lambda _frame, _row: Level.FAINT, left=True, texts=texts, inputs=inputs,
    )  # fmt: skip


DEVICE_COLUMNS: Final = (
    _column("disk_busy_pct", "BUSY%", "share of time in which a disk worked",
            units.percent_text, extra.fill_level("disk_busy_pct")),
    _column("disk_reads", "RD/s", "reads that a disk completed per second",
            units.rate_text),
    _column("disk_writes", "WR/s", "writes that a disk completed per second",
            units.rate_text),
    _column("disk_read_rate", "READ/s", "bytes read from a disk per second",
            units.byte_rate_text),
    _column("disk_write_rate", "WRITE/s", "bytes written to a disk per second",
            units.byte_rate_text),
    _column("disk_await_s", "AWAIT", "mean time of a read or write, with waiting",
            units.lifetime_text),
    _column("disk_queue", "QUEUE", "mean number of requests that were not complete",
            units.cores_text),
    _column("disk_size_bytes", "CAPACITY", "size of a disk", units.bytes_text),
    _text_column("net_state", "LINK", "operational state of an interface", 8),
    _yielding(3, _column(
        "net_speed", "SPEED", "speed of the link in bits per second", units.amount_text
    )),
    _column("net_in_rate", "RX/s", "bytes received per second", units.byte_rate_text),
    _column("net_out_rate", "TX/s", "bytes sent per second", units.byte_rate_text),
    _yielding(5, _column(
        "net_in_packets", "RXPK/s", "packets received per second", units.rate_text
    )),
    _yielding(4, _column(
        "net_out_packets", "TXPK/s", "packets sent per second", units.rate_text
    )),
    _trouble("net_in_errors", "RXERR", "receive errors per second"),
    _trouble("net_out_errors", "TXERR", "send errors per second"),
    _trouble("net_in_drops", "RXDROP", "received packets dropped per second"),
    _trouble("net_out_drops", "TXDROP", "packets dropped before sending per second"),
    _column("fs_size_bytes", "SIZE", "size of a file system", units.bytes_text),
    _column("fs_used_bytes", "INUSE", "space in use in a file system",
            units.bytes_text),
    _column("fs_free_bytes", "AVAIL", "space that users may still use",
            units.bytes_text),
    _column("fs_used_pct", "FULL%", "space in use in percent of what users may use",
            units.percent_text, extra.fill_level("fs_used_pct")),
    _column("fs_inodes", "INODES", "inodes of a file system", units.amount_text),
    _column("fs_inodes_pct", "INODE%", "inodes in use, in percent",
            units.percent_text, extra.fill_level("fs_inodes_pct")),
    _text_column("fs_type", "TYPE", "type of a file system", 8),
    _text_column("fs_mode", "MODE", "rw, or ro for a read-only file system", 4),
    _text_column("fs_source", "SOURCE", "device or server of a file system", 16),
)  # fmt: skip
