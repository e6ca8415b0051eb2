"""The readers of the files about the whole machine."""

import errno
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.collectors import namespaces
from montauk_tui.collectors.procfs import host as hosts
from montauk_tui.collectors.procfs.collector import TraditionalCollector
from montauk_tui.collectors.procfs.cpus import Cpus, parse_cpus
from montauk_tui.collectors.procfs.figures import Reasons
from montauk_tui.collectors.procfs.host import HostReader
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.engine.history.update import remember_moment
from montauk_tui.export.jsonlines import frame_json
from montauk_tui.export.table import frame_table
from montauk_tui.model.history import History
from montauk_tui.model.sample import CPU_FIELDS, HostSample, Pressure
from montauk_tui.model.schema import UNKNOWN, Need
from tests.support.builders import make_frame, make_sample
from tests.support.fakeproc import HOST_FILES, MEMINFO, FakeProc, FakeProcess
from tests.support.hosts import read_from, read_host


def cpus_of(text: bytes) -> Cpus:
    return parse_cpus(text, Reasons())


def pressure_of(read: Callable[[str], bytes]) -> dict[str, Pressure]:
    return hosts.read_pressure(read, Reasons())


def limits_of(host: HostSample) -> list[tuple[float, float]]:
    """Return every figure beside the most it can be."""
    memory = host.memory
    counts = [n for n in (host.threads, host.running) if n != UNKNOWN]
    return [
        *((number, 1e6) for number in host.cpu_ids.tolist()),
        *((number, 1e12) for number in host.cpu_ticks.flatten().tolist()),
        *((number, 1 << 22) for number in (*host.load, *counts)),
        (host.uptime_s, 1e10),
        *((getattr(memory, name), 2.0**60) for name in memory.__slots__),
        *((one, 2.0**60) for one in (memory.used, memory.cache, memory.swap_used)),
        *((p.some_pct, 100) for p in host.pressure.values()),
        *((p.full_pct, 100) for p in host.pressure.values()),
    ]


def test_the_machine_as_its_files_say() -> None:
    host = read_host(HOST_FILES)
    assert host.cpu_ids.tolist() == [0, 1]
    assert host.cpu_ticks[1].tolist() == [20, 0, 10, 465, 5, 0, 0, 0, 0, 0]
    assert host.load == (0.5, 1.25, 2.0)
    assert (host.running, host.threads) == (3, 210)
    assert host.uptime_s == 12345.67
    assert host.memory.total == 16000000 * 1024
    assert host.memory.swap_cached == 1000 * 1024
    assert host.pressure["io"].some_pct == 1.5
    assert host.pressure["io"].full_pct == 0.25


def test_a_cpu_that_is_offline_leaves_a_gap() -> None:
    ids, ticks, _ = cpus_of(b"cpu 9 9\ncpu0 1 2\ncpu3 3 4\ncpu7 5 6\nintr 1\n")
    assert ids.tolist() == [0, 3, 7]
    assert ticks[:, 0].tolist() == [1, 3, 5]


@pytest.mark.parametrize("kinds", [4, 7, 8, 9, 10, 12])
def test_old_and_new_kernels_count_fewer_and_more_kinds(kinds: int) -> None:
    words = " ".join(str(kind + 1) for kind in range(kinds))
    _, ticks, _ = cpus_of(f"cpu  0\ncpu0 {words}\n".encode())
    known = list(range(1, kinds + 1))[: len(CPU_FIELDS)]
    assert ticks[0].tolist() == known + [0.0] * (len(CPU_FIELDS) - len(known))


def test_thousands_of_cpus() -> None:
    lines = [f"cpu{cpu} {cpu} 0 0 1\n" for cpu in range(8192)]
    ids, ticks, _ = cpus_of(("cpu 1\n" + "".join(lines)).encode())
    assert ids[-1] == 8191
    assert ticks[8191, 0] == 8191


def test_a_kernel_without_pressure_information() -> None:
    files = {name: text for name, text in HOST_FILES.items() if "/" not in name}
    assert read_host(files).pressure == {}


def test_pressure_files_that_refuse_to_be_read() -> None:
    def refuse(path: str) -> bytes:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP), path)

    assert pressure_of(refuse) == {}


def test_one_pressure_file_of_three() -> None:
    pressure = pressure_of(read_from({"pressure/io": b"some avg10=7.00 total=1\n"}))
    assert list(pressure) == ["io"]
    assert pressure["io"].some_pct == 7.0
    assert math.isnan(pressure["io"].full_pct)


def test_the_pressure_of_cpus_of_old_kernels_has_one_line() -> None:
    reasons = Reasons()
    files = read_from({"pressure/cpu": b"some avg10=7.00 avg60=1 total=1\n"})
    pressure = hosts.read_pressure(files, reasons)["cpu"]
    assert (pressure.some_pct, math.isnan(pressure.full_pct)) == (7.0, True)
    assert reasons.lines == []


def test_a_host_name_of_any_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("Linux", "h\udcff\x1bx", "6.1", "#1", "x86_64")
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(names))
    assert read_host(HOST_FILES).hostname == r"h\xff\x1bx"


MALFORMED = {
    "stat": [
        b"",
        b"\n",
        b"cpu 1 2 3 4\n",
        b"cpu 1\ncpu\n",
        b"cpu 1\ncpux 1\n",
        b"cpu 1\ncpu-1 1\n",
        b"cpu 1\ncpu" + b"9" * 30 + b" 1\n",
        b"cpu 1\ncpu0 x\n",
        b"cpu 1\ncpu0 nan\n",
        b"cpu 1\ncpu0 1e999\n",
        b"cpu 1\ncpu0 -1\n",
        b"cpu 1\ncpu0 18446744073709551615\n",
        b"cpu 1\ncpu0 \xff\n",
        b"cpu 1\ncpu0 1 2\ncpu0 3 4\n",
        b"cpu 1\ncpu0 1 2\ncpu1 3",
    ],
    "loadavg": [
        b"",
        b"1 2 3\n",
        b"1 2 3 4\n",
        b"1 2 3 /\n",
        b"a b c 1/2 3\n",
        b"nan 1 1 1/2 3\n",
        b"1 inf 1 1/2 3\n",
        b"-1 1 1 1/2 3\n",
        b"1 1 1 4294967295/200 3\n",
        b"1 1 1 1/" + b"9" * 5000,
        b"1 1 1 1/20",
    ],
    "uptime": [b"", b"\n", b"x 1\n", b"inf 1\n", b"-1 1\n", b"\xff", b"1e3 1\n", b"12"],
    "meminfo": [
        b"",
        MEMINFO.replace(b"16000000", b"9" * 5000),
        MEMINFO.replace(b"8000000", b"-8000000"),
        MEMINFO.replace(b"8000000", b"17000000"),
        MEMINFO.replace(b"8000000", b"0x80"),
        MEMINFO[:40],
        MEMINFO[: MEMINFO.index(b"00 kB")],
    ],
    "pressure/io": [
        b"some avg10=x\n", b"full avg10=nan\n", b"some avg10=\n", b"", b"\xff",
        b"some avg10=100.01 a\nfull avg10=1.00 a\n",
        b"some avg10=-1.00 a\nfull avg10=1.00 a\n",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content"),
    [(name, content) for name, texts in MALFORMED.items() for content in texts],
    ids=str,
)
def test_a_malformed_file_costs_its_figures_and_nothing_else(
    tmp_path: Any, name: str, content: bytes
) -> None:
    proc = FakeProc(tmp_path)
    proc.add(FakeProcess(7))
    with TraditionalCollector(proc.root) as collector:
        good = collector.sample(Need.NONE).host
        proc.write(name, content)
        sample = collector.sample(Need.NONE)
    assert sample.processes.pid.tolist() == [7]
    assert sample.host.unknown
    assert {reason.partition(":")[0] for reason in sample.host.unknown} == {name}
    # What the other files hold is as it was.
    for fields, file in PARTS.items():
        if file != name:
            for field in fields:
                assert same(getattr(sample.host, field), getattr(good, field))


PARTS = {
    ("cpu_ids", "cpu_ticks"): "stat",
    ("memory",): "meminfo",
    ("load", "threads", "running"): "loadavg",
    ("uptime_s",): "uptime",
}


def same(one: Any, other: Any) -> bool:
    return bool(np.all(one == other))


@pytest.mark.parametrize("name", ["stat", "loadavg", "uptime", "meminfo"])
def test_a_file_that_went_costs_its_figures_and_nothing_else(
    tmp_path: Any, name: str
) -> None:
    proc = FakeProc(tmp_path)
    proc.add(FakeProcess(7))
    with TraditionalCollector(proc.root) as collector:
        (proc.path / name).unlink()
        sample = collector.sample(Need.NONE)
    assert sample.processes.pid.tolist() == [7]
    assert sample.host.unknown == (f"{name}: No such file or directory",)


def test_cpus_whose_lines_stand_elsewhere_and_in_another_order() -> None:
    text = b"intr 5 0\ncpu1 3 4\nctxt 9\ncpu0 1 2\ncpu 4 6\n"
    ids, ticks, _ = cpus_of(text)
    assert ids.tolist() == [0, 1]
    assert ticks[:, 0].tolist() == [1, 3]


def test_of_a_cpu_with_one_bad_number_the_others_are_known() -> None:
    reasons = Reasons()
    _, ticks, _ = parse_cpus(b"cpu0 1 x 3 4\ncpu1 5 6 7 8\n", reasons)
    assert np.isnan(ticks[0]).tolist() == [False, True] + [False] * 8
    assert not np.isnan(ticks[1]).any()
    assert reasons.lines == ["stat: nice of cpu0 not a number: 'x'"]


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (b"cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5", [4]),
        (b"cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5\n", [5]),
        (b"cpu  1 2 3 4 5 6 7 8 9 10\ncpu0\n", [0]),
        (b"cpu0 1 2 3 4 5\ncpu1 1 2 3 4\ncpu  1 2 3 4 5 6 7 8 9 10\n", [5, 4]),
        (b"cpu0\ncpu1\n", [0, 0]),
        (b"cpux 1 2 3 4 5\ncpu0 1 2 3 4\n", [10]),
        (b"cpu\ncpu0 1 2 3\n", [3]),
        (b"cpu  1\ncpu0 1 2 3 4 5 6 7\n", [10]),
        (b"cpu  1 2 3 4\ncpu0 1 2 3 4\n", [10]),
        (b"cpu  1 2 3 4 5 6 7 8 9 10 11\ncpu0 1 2 3 4 5 6 7 8 9 10\n", [10]),
    ],
)
def test_what_is_cut_of_a_cpu_is_unknown(text: bytes, known: list[int]) -> None:
    reasons = Reasons()
    _, ticks, _ = parse_cpus(text, reasons)
    assert (~np.isnan(ticks)).sum(axis=1).tolist() == known
    cut = [f"stat: cpu{cpu} is cut" for cpu, n in enumerate(known) if n < 10]
    assert [line for line in reasons.lines if "cpux" not in line] == cut


@pytest.mark.parametrize(
    ("irq", "softirq", "interrupts", "measures"),
    [
        (0, 900, 10**6, False),  # sampled: no tick comes in a hard interrupt
        (1, 900, 10**8, False),  # one tick, as good as none for so many
        (100, 900, 10**6, True),  # 1 us each
        (0, 0, 0, False),
    ],
)
def test_whether_interrupts_are_measured_can_be_seen(
    irq: int, softirq: int, interrupts: int, *, measures: bool
) -> None:
    text = f"cpu 1\ncpu0 9 9 9 9 9 {irq} {softirq}\nintr {interrupts} 0 0\n"
    assert cpus_of(text.encode()).measures_interrupts is measures


WORDS = st.one_of(
    st.binary(max_size=12),
    st.sampled_from([
        b"cpu", b"cpu0", b"cpu12", b"\n", b" ", b"1", b"-1", b"9" * 40, b"nan",
        b"1e400", b"1/2", b"/", b"MemTotal:", b"kB", b"some", b"full", b"avg10=",
        b"avg10=3.5",
    ]),
)  # fmt: skip


TEXTS = st.tuples(st.sampled_from([b" ", b"", b"\n"]), st.lists(WORDS)).map(
    lambda drawn: drawn[0].join(drawn[1])
)


NAMES = sorted(HOST_FILES)
CORE = {"stat", "loadavg", "uptime", "meminfo"}


def checked(host: HostSample) -> None:
    assert all(
        math.isnan(number) or 0 <= number <= most for number, most in limits_of(host)
    )
    assert all(reason.isprintable() for reason in host.unknown)


@given(st.dictionaries(st.sampled_from(NAMES), st.binary(max_size=200) | TEXTS))
def test_files_of_any_bytes_give_figures_that_can_be(files: dict[str, bytes]) -> None:
    checked(read_host({**HOST_FILES, **files}))


@given(st.sets(st.sampled_from(NAMES)).filter(lambda missing: not missing >= CORE))
def test_any_files_may_be_missing(missing: set[str]) -> None:
    host = read_host({n: text for n, text in HOST_FILES.items() if n not in missing})
    checked(host)
    told = {name for name in missing if not name.startswith("pressure/")}
    assert {reason.partition(":")[0] for reason in host.unknown} == told


@given(st.sampled_from(NAMES), st.data())
def test_a_damaged_file_gives_figures_that_can_be_everywhere(
    name: str, data: st.DataObject
) -> None:
    """Down to what is printed of the interval between a good and a damaged reading."""
    text = HOST_FILES[name]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    damaged = text[:start] + data.draw(WORDS) + text[end:]
    good, bad = read_host(HOST_FILES), read_host({**HOST_FILES, name: damaged})
    checked(bad)
    for before, now in ((good, bad), (bad, good)):
        previous = make_sample([{"pid": 1}], host=before)
        current = make_sample([{"pid": 1}], host=now, after_s=1.0)
        frame = make_frame(previous, current)
        remember_moment(History(), now, frame.host_rates)
        assert len(frame_table(frame, np.array([0]), [])) >= 3
        told = json.loads(frame_json(frame, np.array([0])))
        assert told["host"]["unknown"] == list(now.unknown)
        shares = [pct for pct in told["host"]["busy_pct_by_cpu"] if pct is not None]
        assert all(0 <= pct <= 100 for pct in shares)


def test_a_pid_namespace_of_its_own_does_not_show_every_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = ProcRoot(FakeProc(tmp_path).root)
    for inode, sees in ((0xEFFFFFFC, True), (4026532179, False)):
        monkeypatch.setattr(namespaces, "own", {"pid": inode}.__getitem__)
        host = HostReader(root.read, root.read_lists).sample(Need.of())
        assert host.sees_every_process is sees

    def none(_: str) -> int:
        raise FileNotFoundError

    monkeypatch.setattr(namespaces, "own", none)
    assert namespaces.sees_every_process()
