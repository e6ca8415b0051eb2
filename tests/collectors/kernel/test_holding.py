"""Nothing else runs on a CPU while a probe writes, and what did not run is counted."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from montauk_tui.collectors.kernel import bpf, compiled, loader_main
from montauk_tui.collectors.kernel.attached import Refused
from montauk_tui.collectors.kernel.btf import DEFAULT_PATH, Btf
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.collectors.kernel.layout import read_layout
from montauk_tui.collectors.kernel.loader import Loaded, Loader
from montauk_tui.collectors.kernel.missed import Missed
from montauk_tui.model.schema import Need
from tests.collectors.kernel import btf_builder as kinds
from tests.collectors.kernel.btf_builder import BtfBuilder
from tests.support.lives import Watch, spawn, wait

HOLD, RELEASE = 65269, 290960


@pytest.mark.parametrize(
    ("names", "count"),
    [
        (("bpf_preempt_disable", "bpf_preempt_enable"), 2),
        (("preempt_disable",), 0),
    ],
)
def test_the_kernel_says_whether_it_has_the_functions(
    tmp_path: Path, names: tuple[str, ...], count: int
) -> None:
    made = BtfBuilder()
    ids = [made.add(kinds.FUNC, name, made.prototype(0, [])) for name in names]
    assert read_layout(Btf(made.write(tmp_path))).hold_cpu == ids[:count]


def test_a_call_of_a_kernel_function_is_made_of_that_of_a_helper() -> None:
    helper = bytes([0x85, 0, 0, 0, 14, 0, 0, 0])
    marked = compiled.KERNEL_FUNCTION + HOLD
    kernel = bytes([0x85, 0, 0, 0, *marked.to_bytes(4, "little")])
    wide = bytes([0x18, 1, 0, 0, *marked.to_bytes(4, "little"), *bytes(8)])
    made = compiled.with_kernel_calls(helper + kernel + wide)
    call = bytes([0x85, 0x20, 0, 0, *HOLD.to_bytes(4, "little")])
    assert made == helper + call + wide


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[bytes]]:
    """Set what a kernel is and takes; return what it was asked to load."""

    def be(release: str, number: int = 0, log: str = "") -> list[bytes]:
        asked: list[bytes] = []

        def load(_kind: int, code: bytes, _name: str) -> int:
            asked.append(code)
            if number:
                error = bpf.VerifierError(number, os.strerror(number))
                error.log = log
                raise error
            return os.open(os.devnull, os.O_RDONLY)

        version = tuple(map(int, release.split(".")))
        monkeypatch.setattr(loader_main, "_version", lambda: version)
        monkeypatch.setattr(bpf, "load_program", load)
        return asked

    return be


Kernel = Callable[..., list[bytes]]


def flags(functions: list[int]) -> list[str]:
    return loader_main._hold_cpu(functions)  # noqa: SLF001 - the rest is a compiler's


@pytest.mark.parametrize("release", ["6.12", "7.0", "7.2"])
def test_where_it_takes_them_they_are_used(kernel: Kernel, release: str) -> None:
    asked = kernel(release)
    assert flags([HOLD, RELEASE]) == [
        f"-DHOLD_CPU_CALL={(1 << 30) + HOLD}",
        f"-DRELEASE_CPU_CALL={(1 << 30) + RELEASE}",
    ]
    assert asked == [compiled.calling([HOLD, RELEASE])]


@pytest.mark.parametrize("release", ["5.10", "6.9", "6.18"])
def test_where_preemption_is_disabled_anyway_it_works_without(
    kernel: Kernel, release: str
) -> None:
    assert kernel(release) == []
    assert flags([]) == []
    kernel(release, errno.EINVAL)
    assert flags([HOLD, RELEASE]) == []


def test_where_it_needs_them_and_does_not_take_them_it_is_refused(
    kernel: Kernel,
) -> None:
    kernel("7.0", errno.EINVAL, "JIT is required for calling kernel function")
    with pytest.raises(Refused) as caught:
        flags([HOLD, RELEASE])
    assert "JIT is required for calling kernel function" in caught.value.reason
    assert "net.core.bpf_jit_enable=1" in caught.value.remedy
    kernel("7.0")
    with pytest.raises(Refused, match="no bpf_preempt_disable"):
        flags([])


@pytest.mark.privileged
def test_this_kernel_takes_them_where_it_has_them() -> None:
    functions = read_layout(Btf()).hold_cpu
    if not functions:
        pytest.skip("this kernel has no bpf_preempt_disable (Linux 6.10)")
    assert len(flags(functions)) == 2
    with pytest.raises(bpf.VerifierError) as caught:
        bpf.load_program(bpf.RAW_TRACEPOINT, compiled.calling(functions[:1]), "held")
    assert "preempt_disable-ed region" in caught.value.log


# --- what did not run -----------------------------------------------------------------


@pytest.mark.skipif(not os.access(DEFAULT_PATH, os.R_OK), reason="no BTF here")
def test_the_count_is_read_where_this_kernel_has_it() -> None:
    field = Btf().field("bpf_prog_info", "recursion_misses")
    if field is None:
        pytest.skip("this kernel does not count it (Linux 5.12)")
    assert field.offset == bpf._RECURSION_MISSES_AT  # noqa: SLF001
    assert field.offset + field.size == bpf._PROG_INFO_BYTES  # noqa: SLF001


@pytest.mark.privileged
def test_a_program_that_always_ran_has_missed_nothing() -> None:
    program = bpf.load_program(bpf.RAW_TRACEPOINT, compiled.calling([]), "idle")
    try:
        assert bpf.recursion_misses(program) == 0
    finally:
        os.close(program)
    with pytest.raises(OSError, match="descriptor"):
        bpf.recursion_misses(program)


def test_each_program_counts_for_what_it_records(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    misses = dict.fromkeys(range(1, 10), 100)
    monkeypatch.setattr(bpf, "recursion_misses", misses.__getitem__)
    programs = (
        "fork_kprobe", "exec_tracepoint", "exit_tracepoint", "do_exit_kprobe",
        "switch_tracepoint", "lives", "hook0", "execve_return", "execveat_return",
    )  # fmt: skip
    descriptors: dict[str, Any] = dict(zip(programs, misses, strict=True))
    counted = Missed(descriptors)
    assert set(counted.counts().values()) == {0}
    for number, more in enumerate((1, 2, 4, 8, 16, 32, 64, 128, 256), 1):
        misses[number] += more
    assert counted.counts() == {"forks": 1, "execs": 2, "exits": 12, "attempts": 384}


def test_without_programs_nothing_is_missed() -> None:
    nothing = dict.fromkeys(("forks", "execs", "exits", "attempts"), 0)
    assert Missed({"lives": 3}).counts() == nothing


# --- ends that the hook of exits missed -----------------------------------------------


@pytest.mark.privileged
def test_an_end_that_the_hook_missed_is_recorded_at_the_last_switch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As from Linux 7.0 on, where the kernel may not run it; here it never runs."""
    load = Loader.load

    def without_exits(*args: Any, **options: Any) -> Loaded:
        whom, probes, defines, _ = args
        defines = {**defines, "PREEMPTED": 1}
        loaded = load(whom, probes, defines, "tracepoints", **options)
        assert isinstance(loaded.descriptors, dict)
        hooks = [name for name in loaded.descriptors if name.startswith("hook")]
        os.close(loaded.descriptors.pop(hooks[-1]))
        return loaded

    monkeypatch.setattr(Loader, "load", without_exits)
    with KernelCollector() as collector:
        watch = Watch(collector)
        children = {spawn("sh", "-c", f"exit {code}"): code for code in range(20)}
        for pid, code in children.items():
            assert os.WEXITSTATUS(wait(pid)) == code
            end = watch.end_of(pid)
            assert (end.code, end.argv) == (code, (b"sh", b"-c", b"exit %d" % code))
        counters = collector.sample(Need.NONE).counters
    assert (counters.lost, counters.lost_exits) == (0, 0)
