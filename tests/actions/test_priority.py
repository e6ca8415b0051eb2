"""Nice value, affinity, policy and I/O priority, of processes and of threads."""

import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from montauk_tui.actions import io_priority, pid_owner, priority
from montauk_tui.model.outcome import Outcome, Result, summary
from montauk_tui.model.sample import Identity
from tests.support.children import (
    child,
    identity_of,
    with_room_above,
    without_leader,
    zombie,
)
from tests.support.sight import others_are_seen

CHECKOUT = Path(__file__).parents[2]

THREADED = """
import threading, time
for _ in range(2):
    threading.Thread(target=time.sleep, args=[600], daemon=True).start()
print("up", flush=True)
time.sleep(600)
"""

AS_NOBODY = """
import os, sys, time
from montauk_tui.actions import io_priority, pid_owner, priority
from montauk_tui.model.sample import Identity
other = Identity(int(sys.argv[1]), int(sys.argv[2]))
own = Identity(os.getpid(), pid_owner.holder(os.getpid()).start_ticks)
for result in (
    priority.add_nice(other, 1), priority.add_nice(own, -1), priority.add_nice(own, 1),
    priority.set_affinity(other, {0}), priority.set_policy(own, "fifo", 1),
    io_priority.put(own, "realtime", 0),
):
    print(result.outcome.value, result.why({0: "root"}.get), sep="|")
"""


@contextmanager
def threaded() -> Iterator[tuple[Identity, list[int]]]:
    """Run a process of three threads; its identity, and the ids of all threads."""
    command = [sys.executable, "-c", THREADED]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        threads = [int(it.name) for it in Path(f"/proc/{process.pid}/task").iterdir()]
        assert len(threads) == 3
        try:
            yield identity_of(process.pid), threads
        finally:
            process.kill()


def nices(threads: list[int]) -> set[int]:
    return {os.getpriority(os.PRIO_PROCESS, thread) for thread in threads}


def test_nice_is_set_for_every_thread() -> None:
    with threaded() as (identity, threads):
        priority.add_nice(identity_of(threads[1]), 1)
        for _ in range(2):
            result = priority.set_nice(identity, 19)
            assert (result.outcome, result.reason) == (Outcome.DONE, "now 19")
            assert nices(threads) == {19}
        gone = Identity(identity.pid, identity.start_ticks + 1)
        assert priority.set_nice(gone, 19).outcome is Outcome.EXITED


def test_nice_is_added_for_every_thread_within_its_limits() -> None:
    with threaded() as (identity, threads):
        own = with_room_above(*threads)
        result = priority.add_nice(identity, 3)
        assert (result.outcome, result.reason) == (Outcome.DONE, f"now {own + 3}")
        assert nices(threads) == {own + 3}
        assert priority.add_nice(identity, 40).reason == "now 19"
        again = priority.add_nice(identity, 1)
        assert (again.outcome, again.reason) == (
            Outcome.REFUSED,
            "the nice value is 19 already",
        )


def test_a_thread_is_changed_alone() -> None:
    with threaded() as (identity, threads):
        (thread, *_) = [it for it in threads if it != identity.pid]
        with_room_above(*threads)
        assert priority.add_nice(identity_of(thread), 7).outcome is Outcome.DONE
        assert nices([thread]) != nices([it for it in threads if it != thread])


def test_threads_keep_their_distance() -> None:
    with threaded() as (identity, threads):
        thread = max(threads)
        with_room_above(*threads)
        priority.add_nice(identity_of(thread), 2)
        priority.add_nice(identity, 3)
        (base,) = nices([it for it in threads if it != thread])
        assert nices([thread]) == {base + 2}


def test_affinity_is_set_for_every_thread() -> None:
    cpu = min(os.sched_getaffinity(0))
    with threaded() as (identity, threads):
        assert priority.set_affinity(identity, {cpu}).outcome is Outcome.DONE
        assert {priority.affinity(thread) for thread in threads} == {frozenset({cpu})}
        assert priority.affinity(-1) == frozenset()


def test_where_the_first_thread_has_ended_the_living_are_changed(lives: str) -> None:
    with without_leader(lives) as process:
        identity = identity_of(process.pid)
        (thread,) = pid_owner.threads(process.pid)
        assert thread != process.pid
        os.setpriority(os.PRIO_PROCESS, process.pid, 19)
        before, cpu = with_room_above(thread), min(os.sched_getaffinity(0))
        results = [
            priority.add_nice(identity, 3),
            priority.set_affinity(identity, {cpu}),
            priority.set_policy(identity, "batch"),
            io_priority.put(identity, "best-effort", 6),
        ]
        assert {it.outcome for it in results} == {Outcome.DONE}
        assert results[0].reason == f"now {before + 3}"
        assert nices([thread]) == {before + 3}
        # The lists of choices begin with what is so now.
        for who in (thread, process.pid):
            assert priority.affinity(who) == {cpu}
            assert priority.policy(who) == "batch"
            assert io_priority.current(who) == ("best-effort", 6)


def test_a_zombie_is_refused() -> None:
    with zombie() as identity:
        for result in (
            priority.add_nice(identity, 1),
            priority.set_affinity(identity, {0}),
            priority.set_policy(identity, "batch"),
            io_priority.put(identity, "idle"),
        ):
            assert result.outcome is Outcome.REFUSED
            assert "only its parent can reap it" in result.reason


def test_cpus_that_do_not_exist_are_refused() -> None:
    with child() as (_, identity):
        none = priority.set_affinity(identity, set())
        assert (none.outcome, none.reason) == (
            Outcome.REFUSED,
            "it needs at least one CPU",
        )
        absent = priority.set_affinity(identity, {1000})
        assert absent.outcome is Outcome.REFUSED
        assert "cpuset" in absent.reason


def test_the_policy_is_set_for_every_thread() -> None:
    with threaded() as (identity, threads):
        assert priority.policy(identity.pid) == "other"
        assert priority.set_policy(identity, "batch").outcome is Outcome.DONE
        assert {priority.policy(thread) for thread in threads} == {"batch"}
        bad = priority.set_policy(identity, "fifo", 100)
        assert bad.outcome is Outcome.REFUSED
    assert priority.policy(-1) == ""


@pytest.mark.privileged
def test_real_time_has_a_priority() -> None:
    if os.geteuid():
        pytest.skip("needs root, for real time")
    with child() as (_, identity):
        result = priority.set_policy(identity, "rr", 2)
        if result.outcome is Outcome.NOT_PERMITTED:
            pytest.skip("this group of processes has no real time (cgroup)")
        assert result.outcome is Outcome.DONE
        assert priority.policy(identity.pid) == "rr"
        assert os.sched_getparam(identity.pid).sched_priority == 2


def test_the_io_priority_is_set_for_every_thread() -> None:
    with threaded() as (identity, threads):
        assert io_priority.put(identity, "best-effort", 6).outcome is Outcome.DONE
        assert {io_priority.current(thread) for thread in threads} == {
            ("best-effort", 6)
        }
        assert io_priority.put(identity, "idle").outcome is Outcome.DONE
        assert io_priority.current(identity.pid)[0] == "idle"
        assert io_priority.put(identity, "best-effort", 8).outcome is Outcome.REFUSED
        assert io_priority.put(identity, "no such").outcome is Outcome.REFUSED
    assert io_priority.current(-1) == ("none", 0)


def test_an_unknown_machine_has_no_io_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    with child() as (_, identity):
        monkeypatch.setattr(platform, "machine", lambda: "pdp11")
        result = io_priority.put(identity, "idle")
    assert (result.outcome, result.reason) == (
        Outcome.REFUSED,
        "not known how on pdp11",
    )


def test_who_is_gone_or_another_is_not_changed() -> None:
    with child() as (process, identity):
        other = Identity(identity.pid, identity.start_ticks - 1)
        before = os.getpriority(os.PRIO_PROCESS, identity.pid)
        for who in (other, Identity(2**22 + 1, 5)):
            assert priority.add_nice(who, 1).outcome is Outcome.EXITED
            assert priority.set_affinity(who, {0}).outcome is Outcome.EXITED
            assert priority.set_policy(who, "idle").outcome is Outcome.EXITED
            assert io_priority.put(who, "idle").outcome is Outcome.EXITED
        assert os.getpriority(os.PRIO_PROCESS, identity.pid) == before
        assert priority.policy(identity.pid) == "other"
        process.kill()
        process.wait()
        assert priority.add_nice(identity, 1).outcome is Outcome.EXITED


def test_who_ends_while_it_is_changed_is_gone() -> None:
    with child() as (process, identity):

        def task(_thread: int) -> None:
            process.send_signal(signal.SIGKILL)
            process.wait()

        result = priority.change(identity, task)
    assert (result.outcome, result.reason) == (
        Outcome.EXITED,
        "exited while it was changed",
    )


def test_a_name_of_any_shape_hides_no_start_time() -> None:
    name = ") R 1 (x"
    code = f"import time; open('/proc/self/comm', 'w').write({name!r}); print(1)"
    command = [sys.executable, "-uc", code + "; time.sleep(600)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        before = identity_of(process.pid)
        assert process.stdout is not None
        process.stdout.readline()
        assert name in Path(f"/proc/{process.pid}/stat").read_text()
        assert identity_of(process.pid) == before
        process.kill()


def test_a_zombie_is_told_from_the_living() -> None:
    with zombie() as identity, child() as (_, other):
        dead, alive = pid_owner.holder(identity.pid), pid_owner.holder(other.pid)
        assert dead is not None
        assert dead.is_zombie
        assert alive is not None
        assert not alive.is_zombie
    assert pid_owner.holder(-1) is None
    assert pid_owner.owner(-1) is None


@pytest.mark.privileged
@others_are_seen
def test_without_permission_it_says_what_would_permit_it() -> None:
    if os.geteuid():
        pytest.skip("needs root, to become somebody else")
    with child() as (_, identity):
        with_room_above(identity.pid)
        to_0 = str(-os.getpriority(os.PRIO_PROCESS, 0))
        done = subprocess.run(
            ["nice", "-n", to_0, "setpriv", "--reuid=65534",
             "--regid=65534", "--clear-groups", sys.executable, "-c", AS_NOBODY,
             *map(str, identity)],
            capture_output=True, text=True, check=False, cwd=CHECKOUT,
        )  # fmt: skip
    owned = "not permitted|owned by root: run as root, or with CAP_SYS_NICE"
    lower = "a lower value needs root, CAP_SYS_NICE or a higher RLIMIT_NICE"
    lines = done.stdout.splitlines()
    assert lines[:2] == [owned, f"not permitted|{lower}"], done.stderr
    assert lines[2].startswith("done|now ")
    assert lines[3] == owned
    assert lines[4:] == [
        "not permitted|needs CAP_SYS_NICE (its owner: RLIMIT_RTPRIO)",
        "not permitted|needs CAP_SYS_NICE",
    ]


# --- in one line ----------------------------------------------------------------------


def user(uid: int) -> str:
    return {0: "root", 7: "amy"}[uid]


def results(*outcomes: Result) -> str:
    return summary("SIGTERM", "sent to", outcomes, user)


def test_one_result_names_the_process() -> None:
    one = Identity(12, 1)
    assert results(Result(one, Outcome.DONE)) == "SIGTERM sent to PID 12"
    assert results(Result(one, Outcome.EXITED)) == "SIGTERM: PID 12 had exited"
    assert results(Result(one, Outcome.NOT_PERMITTED, "CAP_KILL", 7)) == (
        "SIGTERM: PID 12 not permitted (owned by amy: run as amy or root, "
        "or with CAP_KILL)"
    )


def test_many_results_are_counted_by_reason() -> None:
    some = [Identity(pid, 1) for pid in range(9)]
    assert results(
        *(Result(it, Outcome.DONE) for it in some[:4]),
        Result(some[4], Outcome.EXITED),
        *(Result(it, Outcome.NOT_PERMITTED, "CAP_KILL", 0) for it in some[5:7]),
    ) == (
        "SIGTERM sent to 4; 1 had exited; 2 not permitted (owned by root: run as root, "
        "or with CAP_KILL)"
    )
    assert results(*(Result(it, Outcome.EXITED) for it in some[:2])) == (
        "SIGTERM sent to none; 2 had exited"
    )
