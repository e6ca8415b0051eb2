"""A believable build machine, the same every time, for pictures of the screen."""

import dataclasses
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.model.devices import (
    Devices,
    Disk,
    Frequency,
    Interface,
    Temperature,
)
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import (
    CPU_FIELDS,
    Counters,
    HostSample,
    Memory,
    Pressure,
    ProcessTable,
    Sample,
)
from montauk_tui.model.schema import COUNTERS, FIELDS, PF_KTHREAD, UNKNOWN, Floats
from tests.support.builders import (
    GIB,
    MONOTONIC_S,
    USER_HZ,
    FakeLookups,
    Row,
    make_frame,
    make_host,
    make_sample,
    make_table,
)
from tests.support.device_lists import first_lists, second_lists
from tests.support.replay import ReplayCollector

TICKS_PER_SECOND: Final = 1_000_000_000
UPTIME_S: Final = 420 * 86_400.0 + 15_132.0
"""Long enough for processes of last year, of earlier this year and of today."""
USERS: Final = {0: "root", 33: "www-data", 106: "postgres", 1000: "build"}
MEMORY: Final = Memory(
    total=33_608_000_000,  # 31.3 GiB
    free=2 * GIB,
    available=7 * GIB,
    buffers=GIB // 2,
    cached=5 * GIB,
    shared=GIB // 4,
    swap_total=8 * GIB,
    swap_free=7 * GIB + GIB // 3,
    swap_cached=GIB // 10,
)
_UIDS: Final = {name: uid for uid, name in USERS.items()}
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SIZES: Final = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_POSTGRES: Final = "postgres: 16/main: build ci"
_CC1PLUS: Final = "/usr/lib/gcc/x86_64-linux-gnu/14/cc1plus -quiet -O2"

_PROCESSES: Final = rf"""
    1     0 root     S 420d   13M  0.0   7412 1 systemd        | /sbin/init
    2     0 root     S 420d     0  0.0     31 1 kthreadd       |
   14     2 root     S 420d     0  0.7  11210 1 ksoftirqd/0    |
   15     2 root     I 420d     0  0.3   9120 1 rcu_preempt    |
   61     2 root     S 420d     0  0.0    212 1 migration/3    |
  118     2 root     I  31d     0  0.1    641 1 kworker/0:1H-kblockd |
  301     2 root     S 420d     0  0.0     85 1 jbd2/nvme0n1p2-8 |
  404     1 root     S 420d   61M  0.1  12021 1 systemd-journal | /usr/lib/systemd/systemd-journald
  437     1 root     S 420d   11M  0.0    301 1 systemd-udevd  | /usr/lib/systemd/systemd-udevd
  602     1 root     S 420d  2.9M  0.0    116 1 cron           | /usr/sbin/cron -f
  611     1 root     S 420d   88M  0.4  30212 9 containerd     | /usr/bin/containerd
  640     1 root     S  92d  9.1M  0.0     14 1 sshd           | sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups
  701     1 postgres S  92d  212M  0.0   1934 1 postgres       | /usr/lib/postgresql/16/bin/postgres -D /var/lib/postgresql/16/main -c config_file=/etc/postgresql/16/main/postgresql.conf
  708   701 postgres S  92d  4.1G  0.2   8043 1 postgres       | postgres: 16/main: checkpointer
  709   701 postgres S  92d   98M  0.1   2210 1 postgres       | postgres: 16/main: background writer
  711   701 postgres S  92d   11M  0.3   5121 1 postgres       | postgres: 16/main: walwriter
  712   701 postgres S  92d   14M  0.0    431 1 postgres       | postgres: 16/main: autovacuum launcher
  820     1 root     S  45d   24M  0.0     12 1 nginx          | nginx: master process /usr/sbin/nginx -g daemon on; master_process on;
  821   820 www-data S  45d   31M  2.4   4102 1 nginx          | nginx: worker process
  822   820 www-data R  45d   33M  3.1   4410 1 nginx          | nginx: worker process
  823   820 www-data S  45d   30M  1.9   3984 1 nginx          | nginx: worker process
  824   820 www-data S  45d   12M  0.0    210 1 nginx          | nginx: cache manager process
 1190     1 root     S  16d  890M 11.8  91022 24 java          | /usr/lib/jvm/java-21/bin/java -Xmx2g -jar /opt/agent/agent.jar
 2044   640 root     S   5h   11M  0.0      1 1 sshd           | sshd: build [priv]
 2051  2044 build    S   5h  7.2M  0.1      4 1 sshd           | sshd: build@pts/0
 2052  2051 build    S   5h  6.1M  0.0      2 1 bash           | -bash
 2160  2052 build    S  52m   48M  0.6     19 1 tmux           | tmux new -s build
 2161  2160 build    S  52m  5.9M  0.0      1 1 bash           | bash
 2162  2160 build    S  52m  5.8M  0.0      1 1 bash           | bash
 2290  2162 build    T  48m   41M  0.0      3 2 vim            | vim src/scheduler.cpp
 2301  2162 build    S  47m  3.4M  0.0      0 1 less           | less +G build.log
 3985  2161 build    S   4m  4.4M  0.0      0 1 time           | time make -j8
 3990  3985 build    S   4m   24M  1.1      1 1 make           | make -j8
 4101  3990 build    S  41s  3.3M  0.0      0 1 sh             | /bin/sh -c cargo build --release
 4102  4101 build    S  41s   96M  2.2      2 9 cargo          | cargo build --release
 4121  4102 build    R  38s  1.2G 98.7     38 6 rustc          | rustc --crate-name montauk src/lib.rs --edition 2024 -C opt-level=3
 4122  4102 build    R  21s  610M 86.3     20 5 rustc          | rustc --crate-name serde_derive src/lib.rs -C opt-level=3
 4130  3990 build    S   9s  2.1M  0.0      0 1 g++            | g++ -O2 -c src/scheduler.cpp -o out/scheduler.o
 4131  4130 build    R   9s  488M 99.2      8 1 cc1plus        | {_CC1PLUS} src/scheduler.cpp
 4134  3990 build    S   6s  2.1M  0.0      0 1 g++            | g++ -O2 -c src/table.cpp -o out/table.o
 4135  4134 build    R   6s  402M 97.4      5 1 cc1plus        | {_CC1PLUS} src/table.cpp
 4138  3990 build    S   4s  2.0M  0.0      0 1 g++            | g++ -O2 -c src/ledger.cpp -o out/ledger.o
 4139  4138 build    D   4s  230M 61.5      2 1 cc1plus        | {_CC1PLUS} src/ledger.cpp
 4142  3990 build    S   2s  2.0M  0.0      0 1 g++            | g++ -O2 -c src/probe.cpp -o out/probe.o
 4143  4142 build    R   2s  118M 74.0      1 1 as             | as --64 -o out/probe.o /tmp/ccR1mVnT.s
 4150  3990 build    Z   2s     0  0.0      0 1 ar             |
 4302     1 build    S   3h  340M  5.2    611 14 python3       | python3 -m jupyter lab --no-browser --port 8888
 4330  4302 build    R   3h  2.6G 42.9   4301 8 python3        | python3 -m ipykernel_launcher -f /run/user/1000/kernel-4f1d.json
 4400   701 postgres R  26m  510M 28.3    391 1 postgres       | {_POSTGRES} 10.0.0.7(40122) SELECT
 4401   701 postgres S  26m   44M  0.0     12 1 postgres       | {_POSTGRES} 10.0.0.7(40124) idle
 4402   701 postgres D  11m  120M  7.7     33 1 postgres       | {_POSTGRES} 10.0.0.9(51208) COPY
 4410     2 root     I   9m     0  1.3      4 1 kworker/u16:3-events_unbound |
 4411     2 root     R   2m     0  2.0      1 1 kworker/3:2-mm_percpu_wq |
 4500   602 root     S   1m  2.6M  0.0      0 1 cron           | /usr/sbin/CRON -f
 4501  4500 root     D   1m   14M  8.8      5 1 rsync          | rsync -a --delete /srv/ backup:/srv/
 4610     1 www-data S   2h   71M  0.0      9 1 php-fpm8.3     | php-fpm: pool www
"""  # noqa: E501 - a table reads best with a process a line
"""pid, parent, user, state, age, memory, CPU%, CPU seconds, threads, name | command."""

_HOSTILE: Final = (
    (b"[/foo]", b"[/foo]\0--bar\0"),
    (b"quit", b"[@click=app.quit]x[/]\0[bold red]\0"),
    (b"\x1b]52;c;aGk=\x07", b"\x1b]52;c;cm0gLXJmIH4=\x07\0\x9b2J\0"),
    ("日本語プロセス".encode()[:15], "/opt/日本語/プロセス\0名前\0".encode()),
    (b"bad\xff\xfe\xc3", b"bad\xff\xfe\xc3(\0\xed\xa0\x80\0"),
    ("evil\u202egnp.exe".encode(), "./evil\u202egnp.exe\0\u200b\n\t\0".encode()),
)
"""Names and argument vectors that attack the screen; pids from 5001 on."""

_DISK: Final = {
    301: (0.0, 3.1), 404: (0.0, 0.012), 711: (0.0, 6.4), 4102: (0.9, 0.24),
    4121: (2.6, 0.0), 4139: (0.25, 0.0), 4143: (0.0, 1.9), 4402: (1.1, 112.6),
    4501: (38.2, 0.4),
}  # fmt: skip
"""By pid what is read and written a second, in MiB."""

_FILLERS: Final = (
    (b"worker", b"/usr/bin/worker\0--queue\0"),
    (b"node", b"node\0/srv/app/server.js\0--shard\0"),
    (b"sleep", b"sleep\0infinity\0"),
    (b"sh", b"sh\0-c\0./step\0"),
)
_FIRST_FILLER: Final = 10_000


class _Line(NamedTuple):
    row: Row
    cmdline: bytes
    cpu_pct: float


def build_scene(cpus: int = 8, processes: int | None = None) -> list[Sample]:
    """Return two samples of the machine, a second apart.

    Args:
        cpus: How many CPUs it has, each with another load.
        processes: How many processes there are, not counting threads; None leaves it at
            the named ones, more adds small ones and fewer drops the youngest pids.
    """
    lines = _lines()
    table = make_table(line.row for line in lines)
    use = {int(line.row["pid"] or 0): line.cpu_pct for line in lines}
    percent = np.array([use[pid] for pid in table.tgid.tolist()])
    # A thread has its share of what its process uses.
    percent = np.where(table.is_process, percent, percent / 3)
    table, percent = _sized(table, percent, processes)
    table = _with_counters(table)
    # Few CPUs cannot do all that: each process does less then.
    percent *= min(1.0, 92 * cpus / max(1.0, percent[table.is_process].sum()))
    busy = float(percent[table.is_process].sum()) / 100 / cpus * 1.06
    previous = make_sample(
        processes=_charged(table, percent, -1.0),
        host=_host(cpus, busy, table, after_s=-1.0),
        boot_s=UPTIME_S - 1.0,
        ticks_per_second=TICKS_PER_SECOND,
        counters=Counters(),
        after_s=-1.0,
    )
    current = make_sample(
        processes=table,
        host=_host(cpus, busy, table, after_s=0.0),
        boot_s=UPTIME_S,
        ticks_per_second=TICKS_PER_SECOND,
        counters=Counters(),
        vanished=2,
    )
    return [previous, current]


def scene_lookups(samples: list[Sample]) -> FakeLookups:
    """Return the command lines and users of the processes in a scene."""
    cmdlines = {int(line.row["pid"] or 0): line.cmdline for line in _lines()}
    for pid in samples[-1].processes.pid.tolist():
        if pid >= _FIRST_FILLER:
            cmdlines[pid] = _FILLERS[pid % len(_FILLERS)][1] + b"%d\0" % pid
    table = samples[-1].processes
    shared = {
        pid: float(rss // 4)
        for pid, rss in zip(table.pid.tolist(), table.rss_bytes.tolist(), strict=True)
    }
    return FakeLookups(cmdlines, USERS, shared)


def scene_frame(cpus: int = 8, processes: int | None = None) -> Frame:
    """Return the frame of the scene's second sample."""
    samples = build_scene(cpus, processes)
    previous, current = samples
    return make_frame(previous, current, scene_lookups(samples))


def scene_collector(cpus: int = 8, processes: int | None = None) -> ReplayCollector:
    """Return a collector that shows the scene for ever."""
    samples = build_scene(cpus, processes)
    return ReplayCollector(samples, scene_lookups(samples))


def _lines() -> list[_Line]:
    lines = [_parse(text) for text in _PROCESSES.strip().splitlines()]
    for index, (comm, cmdline) in enumerate(_HOSTILE):
        row: Row = {
            "pid": 5_001 + index,
            "ppid": 2_162,
            "uid": _UIDS["build"],
            "comm": comm,
            "start_ticks": int((UPTIME_S - 600 - index) * USER_HZ),
            "utime": TICKS_PER_SECOND,
            "rss_bytes": (index + 1) << 20,
        }
        lines.append(_Line(row, cmdline, 0.2 * index))
    return lines + [_thread(lines, 4_121, tid) for tid in range(4_123, 4_128)]


def _parse(text: str) -> _Line:
    left, _, command = text.partition("|")
    pid, ppid, user, state, age, rss, cpu, seconds, threads, comm = left.split()
    is_kernel = pid == "2" or ppid == "2"
    age_s = float(age[:-1]) * _UNITS[age[-1]]
    resident = 0 if rss == "0" else int(float(rss[:-1]) * _SIZES[rss[-1]])
    ticks = int((float(seconds) + float(cpu) / 100) * TICKS_PER_SECOND)
    row: Row = {
        "pid": int(pid),
        "ppid": int(ppid),
        "uid": _UIDS[user],
        "state": state,
        "flags": PF_KTHREAD if is_kernel else 0,
        "comm": comm,
        "start_ticks": int((UPTIME_S - age_s) * USER_HZ),
        "utime": ticks * 4 // 5,
        "stime": ticks - ticks * 4 // 5,
        "rss_bytes": resident,
        "virt_bytes": 0 if is_kernel else resident * 3 + (40 << 20),
        "threads": int(threads),
        "minflt": resident >> 12,
        "tty": 0x8800 if ppid in ("2051", "2161", "2162") else 0,
        **_scheduling(comm),
    }
    # setproctitle(3) leaves one argument with spaces in it.
    is_title = ": " in command
    words = command.strip() if is_title else command.strip().replace(" ", "\0")
    return _Line(row, f"{words}\0".encode() if words else b"", float(cpu))


def _scheduling(comm: str) -> dict[str, int]:
    if comm.startswith("migration"):
        return {"priority": -100, "policy": 1, "rt_priority": 99}
    nice = {"rsync": 19, "kworker/0:1H-kblockd": -20, "java": -5}.get(comm)
    return {} if nice is None else {"priority": 20 + nice, "nice": nice}


def _thread(lines: list[_Line], tgid: int, tid: int) -> _Line:
    process = next(line for line in lines if line.row["pid"] == tgid)
    row = {**process.row, "pid": tid, "tgid": tgid, "comm": f"opt cgu.{tid % 16}"}
    return _Line(row, process.cmdline, process.cpu_pct)


def _sized(
    table: ProcessTable, percent: Floats, processes: int | None
) -> tuple[ProcessTable, Floats]:
    """Return the table and the CPU use with as many processes as asked for."""
    missing = 0 if processes is None else processes - int(table.is_process.sum())
    if missing < 0:
        last = table.pid[table.is_process][processes]
        kept = np.flatnonzero((table.pid < last) & (table.tgid < last))
        columns = {name: getattr(table, name)[kept] for name in FIELDS}
        return ProcessTable(table.comm[kept], columns), percent[kept]
    pids = np.arange(_FIRST_FILLER, _FIRST_FILLER + missing)
    fill = {name: np.full(missing, getattr(table, name)[0]) for name in FIELDS}
    fill |= dict.fromkeys(("pid", "tgid", "pgrp", "session"), pids)
    fill["ppid"] = np.where(pids % 5 == 0, 1, pids - pids % 5)
    fill["ppid"][fill["ppid"] < _FIRST_FILLER] = 1
    fill["uid"] = np.array(list(USERS))[pids % len(USERS)]
    fill["start_ticks"] = np.int64((UPTIME_S - 7_200) * USER_HZ) + (pids % 700_000)
    fill["rss_bytes"] = ((pids * 7_919) % 60_000) << 10
    fill["utime"] = pids * 1_000_000
    comm = np.array([_FILLERS[pid % len(_FILLERS)][0] for pid in pids.tolist()])
    columns = {
        name: np.concatenate([getattr(table, name), fill[name]]) for name in FIELDS
    }
    names = np.concatenate([table.comm, comm.astype(table.comm.dtype)])
    return ProcessTable(names, columns), np.append(percent, (pids % 23) / 100)


def _with_counters(table: ProcessTable) -> ProcessTable:
    """Return the table with what each process moved, waited and switched so far."""
    names = COUNTERS[COUNTERS.index("read_bytes") :]
    total = {name: np.full(len(table), 1 << 33) for name in names}
    return table.with_columns(total)


def _uncounted(table: ProcessTable, percent: Floats) -> ProcessTable:
    """Return the table with its counters as they were a second ago."""
    moved = [_DISK.get(pid, (0.0, 0.0)) for pid in table.pid.tolist()]
    read, written = (np.array(moved).reshape(-1, 2) * (1 << 20)).astype(np.int64).T
    switches = (percent * 31).astype(np.int64)
    grown = {
        "read_bytes": read, "write_bytes": written, "rchar": read * 3,
        "wchar": written * 2,
        "voluntary_switches": switches, "involuntary_switches": switches // 7,
        "run_delay_ns": (percent * 2_000_000).astype(np.int64),
    }  # fmt: skip
    return table.with_columns(
        {name: getattr(table, name) - values for name, values in grown.items()}
    )


def _charged(table: ProcessTable, percent: Floats, after_s: float) -> ProcessTable:
    """Return the table as it was `-after_s` seconds ago."""
    ticks = (percent / 100 * after_s * TICKS_PER_SECOND).astype(np.int64)
    return _uncounted(table, percent).with_columns({"utime": table.utime + ticks})


def _devices(at_s: float) -> Devices:
    """Return devices that did the same in every second since boot."""
    return Devices(
        MONOTONIC_S + at_s - UPTIME_S,
        (Interface("eth0", int(at_s * 12_900_000), int(at_s * 340_000)),),
        (
            Disk("nvme0n1", int(at_s * 3_400_000), int(at_s * 48_000_000), at_s * 0.62),
            Disk("sda", 0, int(at_s * 120_000), at_s * 0.04),
        ),
    )


def _host(cpus: int, busy: float, table: ProcessTable, *, after_s: float) -> HostSample:
    """Return a host whose CPUs are the busier the lower their number."""
    kinds = {kind: index for index, kind in enumerate(CPU_FIELDS)}
    spread = min(busy, 1 - busy) if cpus > 1 else 0.0
    load = np.linspace(busy + spread, busy - spread, cpus)
    share = np.zeros((cpus, len(CPU_FIELDS)))
    parts = {"user": 0.72, "system": 0.19, "nice": 0.05, "softirq": 0.03, "irq": 0.01}
    for kind, part in parts.items():
        share[:, kinds[kind]] = load * part
    share[:, kinds["iowait"]] = (1 - load) * 0.25
    share[:, kinds["idle"]] = (1 - load) * 0.75
    host = make_host(
        np.round(share * (UPTIME_S + after_s) * USER_HZ).tolist(),
        hostname="build-07",
        memory=MEMORY,
        load=(12.41, 9.13, 4.02),
        uptime_s=UPTIME_S + after_s,
        threads=int(table.threads[table.is_process & (table.threads != UNKNOWN)].sum()),
        running=int(np.count_nonzero(table.state == ord("R"))),
        pressure={
            "cpu": Pressure(some_pct=38.2, full_pct=0.0),
            "memory": Pressure(some_pct=0.4, full_pct=0.1),
            "io": Pressure(some_pct=6.8, full_pct=3.1),
        },
        devices=_devices(UPTIME_S + after_s),
        lists=first_lists() if after_s < 0 else second_lists(),
        temperatures=(
            Temperature("Package id 0", 67.0, 100.0),
            Temperature("Core 0", 64.0, 100.0),
        ),
        frequencies=(Frequency(4.1e9, 4.8e9), Frequency(3.2e9, 4.8e9)),
    )
    return dataclasses.replace(host, cpu_ids=np.arange(cpus, dtype=np.int64))
