"""How long the CPUs ran tasks: the reader beside a map made by hand, and the probes."""

import math
import mmap
import os
import time
from collections.abc import Iterator

import numpy as np
import pytest

from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.collectors.kernel.idle import IdleTasks
from montauk_tui.collectors.kernel.log import Mapped, Records
from montauk_tui.collectors.kernel.records import IDLE
from montauk_tui.errors import CollectorFailed
from montauk_tui.model.schema import Need

CPUS = 3


@pytest.fixture
def shared() -> Iterator[tuple[int, Records]]:
    descriptor = os.memfd_create("idles")
    os.ftruncate(descriptor, mmap.PAGESIZE)
    memory = mmap.mmap(descriptor, mmap.PAGESIZE)
    records: Records = np.frombuffer(memory, dtype=IDLE, count=CPUS)
    yield descriptor, records
    os.close(descriptor)


@pytest.fixture
def clock_ns(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    now = [10**12]
    monkeypatch.setattr(time, "monotonic_ns", lambda: now[0])
    return now


def reader(descriptor: int, offset_ns: int = 0) -> IdleTasks:
    return IdleTasks(Mapped({"idles": descriptor}), CPUS, offset_ns)


@pytest.mark.parametrize("offset_ns", [0, 500 * 10**9])
def test_what_is_not_idle_is_of_tasks(
    shared: tuple[int, Records], clock_ns: list[int], offset_ns: int
) -> None:
    descriptor, records = shared
    idle = reader(descriptor, offset_ns)
    records["task"] = 1
    clock_ns[0] += 10**9
    records["idle_ns"][:2] = 300_000_000, 200_000_000
    # Idle for the last tenth of a second, by the clock of the machine.
    records["since_ns"][1] = clock_ns[0] - offset_ns - 100_000_000
    assert idle.tasks_s(np.array([0, 1])) == pytest.approx(0.7 + 0.7)
    assert idle.tasks_s(np.array([2])) == pytest.approx(1.0)
    idle.close()


def test_probes_that_were_unloaded_are_said_to_be() -> None:
    class Gone:
        def array(self, *_: object) -> "Gone":
            return self

        @property
        def records(self) -> Records:
            raise FileNotFoundError

    with pytest.raises(CollectorFailed, match="unloaded") as failed:
        IdleTasks(Gone(), CPUS, 0).tasks_s(np.arange(CPUS))  # type: ignore[arg-type]
    assert failed.value.returns


def test_a_cpu_that_was_not_seen_to_switch_is_unknown(
    shared: tuple[int, Records],
) -> None:
    descriptor, records = shared
    idle = reader(descriptor)
    records["task"][[0, 2]] = 1
    assert math.isnan(idle.tasks_s(np.array([0, 1])))
    # One that is offline does not matter.
    assert math.isfinite(idle.tasks_s(np.array([0, 2])))
    idle.close()


TRIES = 100


@pytest.mark.privileged
def test_the_cpus_ran_tasks_for_at_least_what_a_process_used(
    collector: KernelCollector,
) -> None:
    # Known once each CPU was idle for a moment: on a busy machine that may never be.
    for _ in range(TRIES):
        began_s = time.monotonic()
        first = collector.sample(Need.NONE).host
        if math.isfinite(first.tasks_s):
            break
        time.sleep(0.05)
    else:
        pytest.skip("a CPU of this machine is never idle")
    used_s = -time.process_time()
    while time.process_time() + used_s < 0.3:
        pass
    then = collector.sample(Need.NONE).host
    passed_s = (time.monotonic() - began_s) * len(then.cpu_ids)
    # The scheduler's clock is not that of the process.
    assert 0.29 <= then.tasks_s - first.tasks_s <= passed_s
