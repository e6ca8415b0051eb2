"""A machine that needs no time: processes whose seconds are computed.

In each second a tenth of the processes wakes, a fiftieth is busy, some change their
memory, and one in 200 exits and is followed by another one. As many start and exit
between two samples.
"""

from typing import Any, Final

import numpy as np

from montauk_tui.model.exits import EXIT_FIELDS, ExitTable
from montauk_tui.model.sample import (
    CPU_FIELDS,
    Counters,
    HostSample,
    Identity,
    Memory,
    ProcessTable,
    Sample,
)
from montauk_tui.model.schema import FIELDS, UNKNOWN, Bools, Ints
from montauk_tui.model.starts import EXEC, FORK, START_FIELDS, StartTable

BEGIN_S: Final = 1_795_000_000
_BOOT_S: Final = 1_000_000
_USER_HZ: Final = 100
_WAKING: Final = 0.1
_BUSY: Final = 0.02
_REPLACED: Final = 0.005
_UNKNOWN: Final = ("shared_bytes", "in_container")
_MS: Final = 1_000_000
_NAMES: Final = np.array([b"sshd", b"postgres", b"python3", b"nginx", b"bash", b"cc1"])


class World:
    """Samples, one a second; its look-ups name all that is in them."""

    def __init__(self, count: int) -> None:
        """Begin with so many processes."""
        self._random = np.random.default_rng(16)
        self._second = 0
        self._next_pid = 1
        self._arguments: dict[Identity, bytes] = {}
        self._forks = self._exits = 0
        self._table = self._made(count)

    # --- look-ups ---------------------------------------------------------------------

    def cmdline(self, identity: Identity) -> bytes | None:
        """Return the arguments of a process."""
        return self._arguments.get(identity)

    def cut_rows(self, table: ProcessTable) -> Bools:
        """None is cut."""
        return np.zeros(len(table), dtype=np.bool_)

    def user(self, uid: int) -> str:
        """Return the name of a user."""
        return f"user{uid}"

    def cgroup(self, number: int) -> str:
        """Return the path of a cgroup."""
        return f"/system.slice/service-{number}.service"

    # --- samples ----------------------------------------------------------------------

    def sample(self) -> Sample:
        """Return the next second."""
        at = self._second
        columns = {name: getattr(self._table, name).copy() for name in FIELDS}
        table = ProcessTable(self._table.comm, columns)
        gone = np.zeros(len(table), dtype=np.bool_)
        exits, starts = ExitTable.empty(), StartTable.empty()
        if at:
            self._work(columns_of(table))
            count = max(1, int(len(table) * _REPLACED))
            gone[self._random.choice(len(table), count, replace=False)] = True
            short, new = self._made(count), self._made(count)
            exits = ExitTable.joined([self._exit(table.only(gone)), self._exit(short)])
            starts = self._starts(short.merged(new))
            table = table.only(~gone).merged(new)
            self._forget(exits)
        self._table, self._second = table, at + 1
        return Sample(
            time_s=float(BEGIN_S + at), monotonic_s=float(_BOOT_S + at),
            boot_s=float(_BOOT_S + at), booted_at_s=float(BEGIN_S - _BOOT_S),
            ticks_per_second=10**9, user_hz=_USER_HZ, processes=table,
            host=self._host(at),
            counters=Counters(self._forks, self._forks, self._exits),
            exits=exits, vanished=0, collect_cpu_s=0.003, sees_signals=True,
            starts=starts, ending=np.empty(0, dtype=np.int64),
            reported_until_ns=(_BOOT_S + at) * 10**9,
        )  # fmt: skip

    def _made(self, count: int) -> ProcessTable:
        """Return new processes, and know their arguments."""
        random, pids = self._random, self._next_pid + np.arange(count)
        self._next_pid += count
        self._forks += count
        columns = {name: np.zeros(count, dtype=np.int64) for name in FIELDS}
        columns |= {
            "pid": pids, "tgid": pids, "ppid": np.ones(count, dtype=np.int64),
            "pgrp": pids, "session": pids, "state": np.full(count, ord("S")),
            "uid": random.integers(0, 5, count),
            "threads": random.integers(1, 9, count),
            "start_ticks": np.full(count, (_BOOT_S + self._second) * _USER_HZ - 50),
            "utime": random.integers(0, 50, count) * _MS,
            "priority": np.full(count, 20),
            "virt_bytes": random.integers(1 << 10, 1 << 20, count) << 12,
            "rss_bytes": random.integers(100, 1 << 15, count) << 12,
            "cgroup_id": 5_000 + random.integers(0, 40, count),
            "start_stack": random.integers(1 << 40, 1 << 46, count),
        }  # fmt: skip
        for name in _UNKNOWN:
            columns[name] = np.full(count, UNKNOWN)
        comm = _NAMES[random.integers(0, len(_NAMES), count)].astype("S16")
        table = ProcessTable(comm, columns)
        for row, name in enumerate(comm.tolist()):
            self._arguments[table.identity(row)] = b"/usr/bin/%s\0--option=%d\0%s" % (
                name, pids[row] % 997, b"/srv/some/path/of/a/file.c",
            )  # fmt: skip
        return table

    def _work(self, columns: dict[str, Any]) -> None:
        random, count = self._random, len(columns["pid"])
        draw = random.random(count)
        awake, is_busy = draw < _WAKING, draw < _BUSY
        used = random.integers(20_000, 2 * _MS, count)
        used[is_busy] = random.integers(50, 500, is_busy.sum()) * _MS
        columns["utime"][awake] += used[awake]
        columns["stime"][awake] += used[awake] // 3
        columns["voluntary_switches"][awake] += random.integers(1, 9, awake.sum())
        columns["run_delay_ns"][awake] += random.integers(1_000, 90_000, awake.sum())
        columns["processor"][awake] = random.integers(0, 8, awake.sum())
        columns["state"][:] = np.where(is_busy, ord("R"), ord("S"))
        grows = draw > 1 - _WAKING / 10
        columns["rss_bytes"][grows] += random.integers(1, 99, grows.sum()) << 12
        columns["minflt"][grows] += random.integers(1, 99, grows.sum())
        columns["wchar"][is_busy] += random.integers(1, 99_999, is_busy.sum())

    def _exit(self, table: ProcessTable) -> ExitTable:
        count = len(table)
        self._exits += count
        columns = {name: np.full(count, UNKNOWN) for name in EXIT_FIELDS}
        for name in ("pid", "ppid", "uid", "start_ticks", "rss_bytes", "cgroup_id"):
            columns[name] = getattr(table, name).copy()
        texts = [self._arguments[Identity(*one)] for one in table.pairs()]
        end_ns = (_BOOT_S + self._second) * 10**9 - self._random.integers(
            1, 10**9, count
        )
        columns |= {
            "utime_ns": table.utime + _MS, "stime_ns": table.stime + _MS,
            "end_ns": end_ns, "lifetime_ns": end_ns - table.start_ticks * 10**7,
            "exit_code": np.zeros(count, dtype=np.int64),
            "threads": table.threads.copy(),
            "peak_rss_bytes": table.rss_bytes.copy(),
            "cmdline_bytes": np.array([len(text) + 1 for text in texts]),
        }  # fmt: skip
        return ExitTable(table.comm, np.array(texts), columns)

    def _starts(self, table: ProcessTable) -> StartTable:
        """Return a fork and an exec of each process."""
        texts = [self._arguments[Identity(*one)] for one in table.pairs()]
        tables = []
        for kind, cmdlines in ((FORK, [b""] * len(texts)), (EXEC, texts)):
            columns = {
                name: getattr(table, name).copy()
                for name in START_FIELDS
                if name in FIELDS
            } | {
                "kind": np.full(len(table), kind),
                "time_ns": table.start_ticks * 10**7 + kind * _MS,
                "cmdline_bytes": np.array([len(text) for text in cmdlines]),
            }
            tables.append(StartTable(table.comm, np.array(cmdlines, "S99"), columns))
        return StartTable.joined(tables)

    def _forget(self, exits: ExitTable) -> None:
        for one in zip(exits.pid.tolist(), exits.start_ticks.tolist(), strict=True):
            del self._arguments[Identity(*one)]

    def _host(self, at: int) -> HostSample:
        ticks = np.zeros((8, len(CPU_FIELDS)))
        ticks[:, CPU_FIELDS.index("user")] = 30 * at + np.arange(8)
        ticks[:, CPU_FIELDS.index("idle")] = 70 * at
        gib = float(1 << 30)
        free = 8 * gib + float(self._random.integers(0, 1 << 20) << 12)
        return HostSample(
            hostname="simulated", cpu_ids=np.arange(8), cpu_ticks=ticks,
            memory=Memory(32 * gib, free, 20 * gib, gib, 9 * gib, gib, gib, gib, 0.0),
            load=(round(2 + at % 100 / 100, 2), 2.0, 2.0), uptime_s=float(_BOOT_S + at),
            threads=5 * len(self._table), running=3, pressure={},
            read_s=float(_BOOT_S + at),
        )  # fmt: skip


def columns_of(table: ProcessTable) -> dict[str, Ints]:
    """Return the columns of a table that nobody else has, so that they may change."""
    columns = {name: getattr(table, name) for name in FIELDS}
    for values in columns.values():
        values.setflags(write=True)
    return columns
