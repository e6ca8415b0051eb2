"""CPU time, memory and context switches of a tree of processes."""

import os
import subprocess
import sys
import time

from bench.usage import (
    Tree,
    descendants,
    process_cpu_s,
    pss_bytes,
    switches,
    switches_between,
)
from tests.support.patience import until

_BURNS = "import time\nwhile time.process_time() < 0.2: pass"


def test_both_kinds_of_switches_count() -> None:
    text = "Name:\tx\nvoluntary_ctxt_switches:\t40\nnonvoluntary_ctxt_switches:\t2\n"
    assert switches(text) == 42
    assert switches("Name:\tvoluntary_ctxt_switches:\n") == 0


def test_threads_that_are_new_count_from_their_start() -> None:
    before = {"1/task/1": 10, "1/task/2": 99}
    assert switches_between(before, {"1/task/1": 15, "1/task/3": 4}) == 9


def test_pss_is_not_one_of_its_parts() -> None:
    assert (
        pss_bytes("Rss:  9 kB\nPss:  3 kB\nPss_Dirty:  2 kB\nSwapPss: 1 kB\n") == 3072
    )
    assert pss_bytes("") == 0


def test_the_clock_of_a_process_is_the_one_that_it_reads_itself() -> None:
    before_s = time.process_time()
    read_s = process_cpu_s(os.getpid())
    assert before_s <= read_s <= time.process_time()


def test_a_child_counts_alive_and_when_it_was_reaped() -> None:
    tree = Tree(os.getpid(), None)
    before_s, before_own_s = tree.cpu_s(), time.process_time()
    program = f"{_BURNS}\ninput()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as it:
        assert it.pid in tree.pids()

        def of_children_s() -> float:
            return tree.cpu_s() - before_s - (time.process_time() - before_own_s)

        until(lambda: of_children_s() > 0.19)
        assert f"/proc/{it.pid}/task/{it.pid}" in tree.switches()
        assert tree.pss_bytes() > Tree(it.pid, None).pss_bytes() > 0
    assert it.pid not in descendants(os.getpid())
    assert of_children_s() > 0.17
