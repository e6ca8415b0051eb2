"""Messages of the connector and of taskstats, packed as the kernel packs them.

The structs are laid out here from the order of their fields in the kernel's headers,
so that an offset is computed twice: here and in the package.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from montauk_tui.collectors.netlink.batch import Raw
from montauk_tui.collectors.netlink.connector import EVENT, Events, Kind
from montauk_tui.collectors.netlink.exit_joiner import JOINED_EXIT, JoinedExits
from montauk_tui.collectors.netlink.streams import Drained
from montauk_tui.collectors.netlink.taskstats import STATS, Stats

EVENT_SLOT: Final = 128
STATS_SLOT: Final = 2048
COMM_CHANGED: Final = 0x200
PID_ATTRIBUTE, TGID_ATTRIBUTE, STATS_ATTRIBUTE = 1, 2, 3
AGGREGATE_PID, AGGREGATE_TGID, NULL = 4, 5, 6
AGROUP: Final = 0x20


def slots(messages: Sequence[bytes], slot_bytes: int) -> Raw:
    """Return messages as they lie in the buffer of a receiver."""
    raw = np.zeros((len(messages), slot_bytes), dtype=np.uint8)
    for slot, message in zip(raw, messages, strict=True):
        slot[: len(message)] = np.frombuffer(message, dtype=np.uint8)
    return raw


# --- the proc connector ---------------------------------------------------------------


def proc_event(
    kind: int, words: Sequence[int], time_ns: int = 0, address: tuple[int, int] = (1, 1)
) -> bytes:
    """Return struct nlmsghdr, cn_msg and proc_event with up to six words of data."""
    data = struct.pack("=IIQ", kind, 0, time_ns) + struct.pack(
        "=6I", *words, *[0] * (6 - len(words))
    )
    message = struct.pack("=IIIIHH", *address, 7, 0, len(data), 0) + data
    return struct.pack("=IHHII", 16 + len(message), 3, 0, 0, 0) + message


def fork_message(parent: int, child: int, time_ns: int = 0, tid: int = 0) -> bytes:
    """Return a fork by a thread of `parent`; with `tid`, of a thread."""
    words = [parent + 1, parent, tid or child, child]
    return proc_event(Kind.FORK, words, time_ns)


def exec_message(pid: int, time_ns: int = 0, tid: int = 0) -> bytes:
    return proc_event(Kind.EXEC, [tid or pid, pid], time_ns)


def exit_message(
    pid: int, code: int = 0, parent: int = 1, time_ns: int = 0, tid: int = 0
) -> bytes:
    words = [tid or pid, pid, code, 17, parent + 1, parent]
    return proc_event(Kind.EXIT, words, time_ns)


# --- taskstats ------------------------------------------------------------------------

Field = tuple[str, str]

_TO_VERSION_8: Final[list[Field]] = [
    ("version", "u2"), ("ac_exitcode", "u4"), ("ac_flag", "u1"), ("ac_nice", "u1"),
    ("cpu_count", "u8"), ("cpu_delay_total", "u8"), ("blkio_count", "u8"),
    ("blkio_delay_total", "u8"), ("swapin_count", "u8"), ("swapin_delay_total", "u8"),
    ("cpu_run_real_total", "u8"), ("cpu_run_virtual_total", "u8"), ("ac_comm", "S32"),
    ("ac_sched", "u1"), ("ac_pad", "V7"), ("ac_uid", "u4"), ("ac_gid", "u4"),
    ("ac_pid", "u4"), ("ac_ppid", "u4"), ("ac_btime", "u4"), ("ac_etime", "u8"),
    *((name, "u8") for name in (
        "ac_utime", "ac_stime", "ac_minflt", "ac_majflt", "coremem", "virtmem",
        "hiwater_rss", "hiwater_vm", "read_char", "write_char", "read_syscalls",
        "write_syscalls", "read_bytes", "write_bytes", "cancelled_write_bytes", "nvcsw",
        "nivcsw", "ac_utimescaled", "ac_stimescaled", "cpu_scaled_run_real_total",
        "freepages_count", "freepages_delay_total",
    )),
]  # fmt: skip
_LATER: Final[dict[int, list[Field]]] = {
    9: [("thrashing_count", "u8"), ("thrashing_delay_total", "u8")],
    10: [("ac_btime64", "u8")],
    11: [("compact_count", "u8"), ("compact_delay_total", "u8")],
    12: [
        ("ac_tgid", "u4"), ("ac_tgetime", "u8"), ("ac_exe_dev", "u8"),
        ("ac_exe_inode", "u8"),
    ],
    13: [("wpcopy_count", "u8"), ("wpcopy_delay_total", "u8")],
    14: [("irq_count", "u8"), ("irq_delay_total", "u8")],
}  # fmt: skip
_EXTREMES: Final = (
    "cpu", "blkio", "swapin", "freepages", "thrashing", "compact", "wpcopy", "irq",
)  # fmt: skip


def taskstats_type(version: int) -> "np.dtype[np.void]":
    """Return struct taskstats of a version from 8 on, aligned as by the compiler."""
    fields = list(_TO_VERSION_8)
    for since, added in _LATER.items():
        fields += added if version >= since else []
    if version >= 15:
        for resource in _EXTREMES:
            both = [(f"{resource}_delay_{end}", "u8") for end in ("max", "min")]
            names = [name for name, _ in fields]
            behind = names.index(f"{resource}_delay_total") + 1
            at = behind if version == 15 else len(fields)
            fields[at:at] = both
    return _aligned(fields)


def _aligned(fields: Iterable[Field]) -> "np.dtype[np.void]":
    """Return a struct laid out as by the compiler; `aligned(8)` is on two fields."""
    names, kinds, offsets, at = [], [], [], 0
    for name, kind in fields:
        size = np.dtype(kind).itemsize
        unit = 8 if name == "ac_uid" else size if kind.startswith("u") else 1
        at = -(-at // unit) * unit
        names.append(name)
        kinds.append(kind)
        offsets.append(at)
        at += size
    return np.dtype({
        "names": names, "formats": kinds, "offsets": offsets,
        "itemsize": -(-at // 8) * 8,
    })  # fmt: skip


def taskstats(version: int, **values: Any) -> bytes:
    """Return struct taskstats with some values; every other field has a number too."""
    record = np.zeros(1, dtype=taskstats_type(version))
    # What is read from a wrong place must not look like a zero.
    for number, name in enumerate(record.dtype.names or ()):
        if record.dtype[name].kind == "u" and record.dtype[name].itemsize == 8:
            record[name] = 0x7000_0000 + number
    record["version"] = version
    for name, value in values.items():
        record[name] = value
    return record.tobytes()


def stats_message(
    pid: int, stats: bytes, group: tuple[int, bytes] | None = None, *, pad: str = ""
) -> bytes:
    """Return a message of TASKSTATS_CMD_NEW.

    Args:
        pid: The thread.
        stats: Its struct taskstats.
        group: The process and its struct taskstats, where this was its last thread.
        pad: Where TASKSTATS_TYPE_NULL aligns the structs on machines that need it:
            "outer" before Linux 4.7, "inner" since.
    """
    body = struct.pack("=BBH", 2, 1, 0)
    body += _aggregate(AGGREGATE_PID, PID_ATTRIBUTE, pid, stats, (pad, 16 + len(body)))
    if group is not None:
        place = (pad, 16 + len(body))
        body += _aggregate(AGGREGATE_TGID, TGID_ATTRIBUTE, *group, place)
    return struct.pack("=IHHII", 16 + len(body), 27, 0, 0, 0) + body


def _aggregate(
    kind: int, id_kind: int, number: int, stats: bytes, place: tuple[str, int]
) -> bytes:
    pad, at = place
    null = struct.pack("=HH", 4, NULL)
    inner = _attribute(id_kind, struct.pack("=I", number))
    if pad == "inner" and (at + 4 + len(inner)) % 8 == 0:
        inner += null
    inner += _attribute(STATS_ATTRIBUTE, stats)
    return (null if pad == "outer" else b"") + _attribute(kind, inner)


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value


# --- what is decoded ------------------------------------------------------------------


def _records(
    kind: "np.dtype[np.void]", rows: Iterable[Mapping[str, Any]]
) -> npt.NDArray[np.void]:
    listed = list(rows)
    made = np.zeros(len(listed), dtype=kind)
    for record, row in zip(made, listed, strict=True):
        for name, value in row.items():
            record[name] = value
    return made


def events(*rows: Mapping[str, Any]) -> Events:
    return _records(EVENT, rows)


def stats(*rows: Mapping[str, Any]) -> Stats:
    """Return ends of threads; by default each the only one of its process."""
    return _records(STATS, [_one_thread(row) for row in rows])


def _one_thread(row: Mapping[str, Any]) -> dict[str, Any]:
    tgid = row.get("tgid", row.get("tid", 0))
    return {
        "tid": tgid, "tgid": tgid, "ppid": 1, "is_last": True, "comm": b"prog", **row,
    }  # fmt: skip


def drained(
    forks: Iterable[Mapping[str, Any]] = (),
    execs: Iterable[Mapping[str, Any]] = (),
    exits: Iterable[Mapping[str, Any]] = (),
    threads: Iterable[Mapping[str, Any]] = (),
) -> Drained:
    return Drained(events(*forks), events(*execs), events(*exits), stats(*threads))


def joined_exits(*rows: Mapping[str, Any]) -> JoinedExits:
    """Return ends that are told with their accounting unless a row says otherwise."""
    usual = {
        "ppid": 1, "has_event": True, "has_stats": True, "code_is_known": True,
        "io_is_known": True, "comm": b"prog",
    }  # fmt: skip
    return _records(JOINED_EXIT, [{**usual, **row} for row in rows])
