"""Who lives when a sample is taken is in it, whenever it was forked."""

import os
import signal

import pytest

from montauk_tui.collectors.procfs.host import HostReader
from montauk_tui.model.sample import HostSample
from montauk_tui.model.schema import Need
from tests.collectors.netlink.support import opened
from tests.support.lives import ends_of, spawn, wait

pytestmark = pytest.mark.privileged

EACH = 10


def test_who_is_forked_while_the_table_is_read_is_in_the_next_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    born: list[int] = []
    real = HostReader.sample

    def spawning(reader: HostReader, needs: Need) -> HostSample:
        # The table is read, and what came meanwhile is not taken yet.
        born.extend(spawn("sleep", "1000") for _ in range(EACH))
        return real(reader, needs)

    with opened() as collector:
        monkeypatch.setattr(HostReader, "sample", spawning)
        try:
            for number in range(3):
                seen = set(collector.sample(Need.NONE).processes.pid.tolist())
                assert set(born[: number * EACH]) <= seen
            monkeypatch.undo()
            last = collector.sample(Need.NONE)
            assert set(born) <= set(last.processes.pid.tolist())
            assert last.counters.lost == 0
        finally:
            for pid in born:
                os.kill(pid, signal.SIGKILL)
                wait(pid)
        ended = {end.pid for end in ends_of(collector.sample(Need.NONE))}
        assert set(born) <= ended
