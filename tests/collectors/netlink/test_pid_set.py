"""Which pids are read, below a folder that stands for /proc."""

from pathlib import Path
from typing import Any

import pytest

from montauk_tui.collectors.netlink.pid_set import PidSet
from montauk_tui.collectors.procfs.scan import ProcRoot
from tests.collectors.netlink.messages import events
from tests.support.builders import make_table

HZ = 100
BOOT_S = 1000.0
OLD = {"start_ticks": 500 * HZ}
YOUNG = {"start_ticks": int(BOOT_S * HZ) - 1}
CHECKED_EVERY = 32


class Machine:
    """Processes as folders, and what a collector would know of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = ProcRoot(str(folder))
        self.known = PidSet(self.root, HZ)
        self.lost = 0
        (folder / "self").mkdir()
        self.run(1, 2)

    def run(self, *pids: int) -> None:
        for pid in pids:
            (self.folder / str(pid)).mkdir()

    def sample(self, last: tuple[int, ...], *forks: int) -> list[int]:
        """Return the pids to be read; `last` were the rows of the previous table."""
        table = make_table({"pid": pid} for pid in last)
        forked = events(*({"pid": pid} for pid in forks))
        found = self.known.pids(table, forked, self.lost)
        assert len(set(found)) == len(found)
        return sorted(map(int, found))

    def keep(
        self, asked: tuple[int, ...], there: tuple[int, ...], **reported: Any
    ) -> None:
        """End a sample: who was read, and what was told of since that began."""
        forks, exits = reported.get("forks", ()), reported.get("exits", ())
        self.known.keep(
            map(str, asked),
            make_table({"pid": pid} for pid in there),
            events(*({"pid": pid, "time_ns": time_ns} for pid, time_ns in forks)),
            events(*({"pid": pid, "time_ns": time_ns} for pid, time_ns in exits)),
        )

    def until_check(self, *pids: int) -> None:
        """Take all samples up to the next that compares with a listing."""
        for _ in range(CHECKED_EVERY - 1):
            assert self.sample(pids) == sorted(pids)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_first_time_all_are_listed(machine: Machine) -> None:
    assert machine.sample(()) == [1, 2]
    machine.known.check(make_table([{"pid": 1, **OLD}]), BOOT_S)
    assert machine.known.missed == 0


def test_then_forks_tell_who_is_new_and_nothing_is_listed(machine: Machine) -> None:
    machine.sample(())
    machine.run(3)
    assert machine.sample((1, 2), 7, 8, 7, 2) == [1, 2, 7, 8]
    assert machine.sample((1, 2, 7)) == [1, 2, 7]


def test_rows_of_threads_are_no_pids(machine: Machine) -> None:
    machine.sample(())
    table = make_table([{"pid": 1}, {"pid": 5, "tgid": 1}])
    assert machine.known.pids(table, events(), 0) == ["1"]


def test_after_a_loss_all_are_listed_again_once(machine: Machine) -> None:
    machine.sample(())
    machine.run(3)
    machine.lost = 4
    assert machine.sample((1, 2), 9) == [1, 2, 3, 9]
    machine.run(4)
    assert machine.sample((1, 2, 3)) == [1, 2, 3]
    machine.known.check(make_table([{"pid": 3, **OLD}]), BOOT_S)
    assert machine.known.missed == 0, "counted as lost already"


def test_after_a_loss_nobody_is_unexpected_even_when_it_is_time_to_check(
    machine: Machine,
) -> None:
    machine.sample(())
    machine.until_check(1, 2)
    machine.run(3)
    machine.lost = 1
    assert machine.sample((1, 2)) == [1, 2, 3]
    machine.known.check(make_table([{"pid": 3, **OLD}]), BOOT_S)
    assert machine.known.missed == 0


def test_who_is_found_by_listing_and_was_not_told_is_counted(machine: Machine) -> None:
    machine.sample(())
    machine.until_check(1, 2)
    machine.run(3, 4, 5)
    assert machine.sample((1, 2), 5) == [1, 2, 3, 4, 5]
    rows = [
        {"pid": 1, **OLD},
        {"pid": 3, **OLD},
        {"pid": 4, **YOUNG},
        {"pid": 5, **OLD},
    ]
    machine.known.check(make_table(rows), BOOT_S)
    assert machine.known.missed == 1, "not the young one: its fork may be on its way"
    machine.sample((1, 2, 3, 4, 5))
    machine.known.check(make_table(rows), BOOT_S)
    assert machine.known.missed == 1


def test_who_was_found_and_gone_at_once_is_not_counted(machine: Machine) -> None:
    machine.sample(())
    machine.until_check(1, 2)
    machine.run(3)
    assert machine.sample((1, 2)) == [1, 2, 3]
    machine.known.check(make_table([{"pid": 1, **OLD}]), BOOT_S)
    assert machine.known.missed == 0


def test_who_is_forked_while_the_table_is_read_is_read_next_time(
    machine: Machine,
) -> None:
    machine.sample(())
    machine.keep((1, 2), (1, 2), forks=[(7, 50), (8, 60)])
    assert machine.sample((1, 2), 9) == [1, 2, 7, 8, 9]
    machine.keep((1, 2, 7, 8, 9), (1, 2, 7, 8, 9))
    assert machine.sample((1, 2, 7, 9)) == [1, 2, 7, 9]


def test_who_was_forked_and_ended_meanwhile_is_not_read_unless_forked_again(
    machine: Machine,
) -> None:
    machine.sample(())
    machine.keep(
        (1, 2), (1, 2), forks=[(7, 50), (8, 60)], exits=[(7, 55), (8, 40), (8, 58)]
    )
    assert machine.sample((1, 2)) == [1, 2, 8]


def test_who_could_not_be_read_and_did_not_end_is_read_once_more(
    machine: Machine,
) -> None:
    """As where descriptors have run out: nothing else would ever ask for it."""
    machine.sample(())
    machine.keep((1, 2, 5), (1,), exits=[(5, 10)])
    assert machine.sample((1,)) == [1, 2]
    machine.keep((1, 2), (1,))
    assert machine.sample((1,)) == [1], "its end was lost"
    machine.keep((1,), (1,))
    assert machine.sample((1,)) == [1]
