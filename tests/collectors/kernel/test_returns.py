"""Programs at the returns of system calls: attached, or left out."""

import errno
import os
from typing import Any

import pytest

from montauk_tui.collectors.kernel import bpf
from montauk_tui.collectors.kernel.about import sees_failed_execs
from montauk_tui.collectors.kernel.attached import Loaded
from montauk_tui.collectors.kernel.loader import Loaded as TakenOver


class Probes:
    """Programs without instructions."""

    def code(self, _name: str, _maps: dict[str, int]) -> bytes:
        return b""


@pytest.fixture
def loaded() -> Loaded:
    """Return probes whose kernel has two functions."""
    made = Loaded.__new__(Loaded)
    made._probes = Probes()  # type: ignore[assignment] # noqa: SLF001
    made._targets = {"first": 1, "second": 2, "lacking": 0}  # noqa: SLF001
    made.maps, made.hooks, made.programs = {}, [], {}
    return made


def test_what_the_kernel_refuses_is_left_out_and_closed(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: dict[int, str] = {}

    def load(kind: int, _code: bytes, name: str, target: int, place: int) -> int:
        assert (kind, place) == (bpf.TRACING, bpf.AT_RETURN)
        assert target == {"one": 1, "two": 2, "refused": 1}[name]
        if name == "refused":
            raise OSError(errno.EACCES, "no")
        descriptor = os.open(os.devnull, os.O_RDONLY)
        made[descriptor] = name
        return descriptor

    def attach(program: int) -> int:
        if made[program] == "two":
            raise OSError(errno.EOPNOTSUPP, "no trampolines")
        return 77

    monkeypatch.setattr(bpf, "load_program", load)
    monkeypatch.setattr(bpf, "attach_to_return", attach)
    loaded.add_returns(
        [("lost", "unheard of"), ("none", "lacking"), ("refused", "first"),
         ("one", "first"), ("two", "second")]
    )  # fmt: skip
    by_name = {name: descriptor for descriptor, name in made.items()}
    assert loaded.programs == {"one": by_name["one"]}
    assert loaded.hooks == [77]
    os.close(by_name["one"])
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(by_name["two"])


@pytest.mark.parametrize(
    ("hooked", "said"),
    [
        (["execve_return", "exec_tracepoint"], "eBPF, BCC 1, kprobes"),
        (["exec_tracepoint"], "eBPF, BCC 1, kprobes, failed execs unseen"),
    ],
)
def test_the_detail_says_where_failed_execs_are_not_seen(
    hooked: list[str], said: str
) -> None:
    descriptors: dict[str, Any] = dict.fromkeys(hooked, -1)
    found = TakenOver(descriptors, "kprobes", "1", ())
    assert found.detail() == said
    assert sees_failed_execs(found.hooked) is ("unseen" not in said)
