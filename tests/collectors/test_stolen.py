"""Whether processes are charged for stolen time, as the type information tells."""

import struct
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.collectors.procfs import stolen
from montauk_tui.collectors.procfs.stolen import Stolen


def btf(names: bytes) -> bytes:
    header = struct.pack("=HBBIIIII", 0xEB9F, 1, 0, 24, 0, 4, 4, len(names))
    return header + bytes(4) + names


@pytest.mark.parametrize(
    ("content", "stolen", "is_charged"),
    [
        (btf(b"\0rq\0prev_steal_time_rq\0"), 5.0, False),
        (btf(b"\0rq\0prev_irq_time\0"), 5.0, True),
        (btf(b"\0rq\0prev_irq_time\0"), 2.0, False),
        (btf(b"\0rq\0")[:-2], 5.0, False),
        (b"", 5.0, False),
        (b"x" * 100, 5.0, False),
        (None, 5.0, False),
    ],
)
def test_btf_tells_whether_processes_are_charged_for_stolen_time(
    tmp_path: Path, content: bytes | None, stolen: float, *, is_charged: bool
) -> None:
    folder = tmp_path / "kernel/btf"
    folder.mkdir(parents=True)
    if content is not None:
        (folder / "vmlinux").write_bytes(content)
    found = Stolen(str(tmp_path))
    assert not found.is_charged(2.0), "of the first sample nothing is asked"
    assert found.is_charged(stolen) is is_charged
    # A sum of many intervals has the answer of its last one.
    assert found.is_charged(stolen) is is_charged


@given(st.binary(max_size=60))
def test_btf_of_any_bytes_is_no_failure(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "kernel/btf").mkdir(parents=True)
        (Path(folder) / "kernel/btf/vmlinux").write_bytes(content)
        found = Stolen(folder)
        assert not found.is_charged(1.0)
        assert found.is_charged(2.0) in {True, False}


def test_the_names_of_this_kernel_are_read_whole() -> None:
    file = Path("/sys/kernel/btf/vmlinux")
    if not file.exists():
        pytest.skip("this kernel has no BTF")
    names = stolen._names(file)  # noqa: SLF001
    assert names is not None
    assert b"\0task_struct\0" in names
    assert b"\0sum_exec_runtime\0" in names
