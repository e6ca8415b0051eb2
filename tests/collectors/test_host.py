"""The readers of the files about the whole machine."""

import contextlib
import errno
import math
import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.collectors.procfs.collector import TraditionalCollector
from montauk_tui.collectors.procfs.host import (
    parse_cpus,
    parse_loadavg,
    parse_meminfo,
    parse_pressure,
    read_host,
    read_pressure,
)
from montauk_tui.errors import CollectorFailed
from montauk_tui.model.sample import CPU_FIELDS, HostSample
from montauk_tui.model.schema import Need
from tests.support.fakeproc import HOST_FILES, MEMINFO, FakeProc


def read_from(files: dict[str, bytes]) -> Callable[[str], bytes]:
    """Return a reader of `files`, to which every other file is missing."""

    def read(path: str) -> bytes:
        if path not in files:
            raise FileNotFoundError(errno.ENOENT, "gone", path)
        return files[path]

    return read


def numbers_of(host: HostSample) -> list[float]:
    memory = host.memory
    return [
        *host.cpu_ids.tolist(),
        *host.cpu_ticks.flatten().tolist(),
        *host.load,
        host.uptime_s,
        host.threads,
        host.running,
        *(getattr(memory, name) for name in memory.__slots__),
        *(p.some_pct for p in host.pressure.values()),
        *(p.full_pct for p in host.pressure.values()),
    ]


def test_the_machine_as_its_files_say() -> None:
    host = read_host(read_from(HOST_FILES))
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
    ids, ticks = parse_cpus(b"cpu 9 9\ncpu0 1 2\ncpu3 3 4\ncpu7 5 6\nintr 1\n")
    assert ids.tolist() == [0, 3, 7]
    assert ticks[:, 0].tolist() == [1, 3, 5]


@pytest.mark.parametrize("kinds", [0, 4, 7, 8, 9, 10, 12])
def test_old_and_new_kernels_count_fewer_and_more_kinds(kinds: int) -> None:
    words = " ".join(str(kind + 1) for kind in range(kinds))
    _, ticks = parse_cpus(f"cpu  0\ncpu0 {words}\n".encode())
    known = list(range(1, kinds + 1))[: len(CPU_FIELDS)]
    assert ticks[0].tolist() == known + [0.0] * (len(CPU_FIELDS) - len(known))


def test_thousands_of_cpus() -> None:
    lines = [f"cpu{cpu} {cpu} 0 0 1\n" for cpu in range(8192)]
    ids, ticks = parse_cpus(("cpu 1\n" + "".join(lines)).encode())
    assert ids[-1] == 8191
    assert ticks[8191, 0] == 8191


def test_a_kernel_without_pressure_information() -> None:
    files = {name: text for name, text in HOST_FILES.items() if "/" not in name}
    assert read_host(read_from(files)).pressure == {}


def test_pressure_files_that_refuse_to_be_read() -> None:
    def refuse(path: str) -> bytes:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP), path)

    assert read_pressure(refuse) == {}


def test_one_pressure_file_of_three() -> None:
    pressure = read_pressure(read_from({"pressure/io": b"some avg10=7.00 total=1\n"}))
    assert list(pressure) == ["io"]
    assert (pressure["io"].some_pct, pressure["io"].full_pct) == (7.0, 0.0)


def test_a_line_of_meminfo_that_is_missing_counts_as_nothing() -> None:
    text = b"\n".join(
        line for line in MEMINFO.splitlines() if not line.startswith(b"MemAvailable")
    )
    memory = parse_meminfo(text)
    assert memory.available == 0
    assert memory.free == 8000000 * 1024
    assert parse_meminfo(b"").total == 0


def test_a_host_name_of_any_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("Linux", "h\udcff\x1bx", "6.1", "#1", "x86_64")
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(names))
    assert read_host(read_from(HOST_FILES)).hostname == r"h\xff\x1bx"


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
        b"cpu 1\ncpu0 \xff\n",
    ],
    "loadavg": [
        b"",
        b"1 2 3\n",
        b"1 2 3 4\n",
        b"1 2 3 /\n",
        b"a b c 1/2 3\n",
        b"nan 1 1 1/2 3\n",
        b"1 inf 1 1/2 3\n",
        b"1 1 1 1/" + b"9" * 5000,
    ],
    "uptime": [b"", b"\n", b"x 1\n", b"inf 1\n", b"\xff"],
    "meminfo": [b"MemTotal: " + b"9" * 5000 + b" kB\n", b"MemFree: " + b"9" * 300],
    "pressure/io": [b"some avg10=x\n", b"full avg10=nan\n", b"some avg10=\n"],
}


@pytest.mark.parametrize(
    ("name", "content"),
    [(name, content) for name, texts in MALFORMED.items() for content in texts],
    ids=str,
)
def test_a_malformed_file_is_a_failure_of_the_collector(
    tmp_path: Any, name: str, content: bytes
) -> None:
    proc = FakeProc(tmp_path)
    with TraditionalCollector(proc.root) as collector:
        collector.sample(Need.NONE)
        proc.write(name, content)
        with pytest.raises(CollectorFailed, match=r"can no longer be read"):
            collector.sample(Need.NONE)


@pytest.mark.parametrize("name", ["stat", "loadavg", "uptime", "meminfo"])
def test_a_file_that_went_is_a_failure_of_the_collector(
    tmp_path: Any, name: str
) -> None:
    proc = FakeProc(tmp_path)
    with TraditionalCollector(proc.root) as collector:
        (proc.path / name).unlink()
        with pytest.raises(CollectorFailed):
            collector.sample(Need.NONE)


PARSERS: list[Callable[[bytes], object]] = [
    parse_cpus,
    parse_loadavg,
    parse_meminfo,
    parse_pressure,
]

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


@pytest.mark.parametrize("parse", PARSERS)
@given(TEXTS)
def test_parsers_raise_nothing_but_value_errors(
    parse: Callable[[bytes], object], text: bytes
) -> None:
    with contextlib.suppress(ValueError):
        parse(text)


@given(st.sampled_from(sorted(HOST_FILES)), st.data())
def test_a_damaged_file_is_refused_or_gives_finite_numbers(
    name: str, data: st.DataObject
) -> None:
    text = HOST_FILES[name]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    damaged = text[:start] + data.draw(WORDS) + text[end:]
    try:
        host = read_host(read_from({**HOST_FILES, name: damaged}))
    except ValueError:
        return
    assert all(map(math.isfinite, numbers_of(host)))
