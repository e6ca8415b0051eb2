"""The kernel collector of users without privilege, of probes that stay loaded."""

import json
import os
import subprocess
from typing import Any, Final

import pytest

from tests.support.bpfmachine import (
    GROUP,
    NOBODY,
    PROGRAM,
    Machine,
    environment,
    machine,
)

pytestmark = [pytest.mark.privileged, pytest.mark.usefixtures("nobody")]

COUNT: Final = 500

WATCH: Final = """
import json, os, subprocess, sys, time
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.model.schema import Need

def watch(collector, reports):
    count, mark = int(sys.argv[1]), sys.argv[2:3]
    children = {}
    for number in range(count):
        pid = os.posix_spawn("/bin/sh", ["sh", "-c", f"exit {number % 100}", *mark], {})
        _, status = os.waitpid(pid, 0)
        children[pid] = os.waitstatus_to_exitcode(status)
    seen, marked = {}, set()
    most = int(sys.argv[3]) if mark else 0
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if children.keys() <= seen.keys() and len(marked) >= most:
            break
        sample = collector.sample(Need.NONE)
        e = sample.exits
        for row in range(len(e)):
            cpu_ns = int(e.utime_ns[row]) + int(e.stime_ns[row])
            seen[int(e.pid[row])] = (
                int(e.ppid[row]), int(e.exit_code[row]), cpu_ns,
                bytes(e.cmdline[row]).decode(), int(e.uid[row]),
            )
            if mark and mark[0].encode() in bytes(e.cmdline[row]).split(bytes(1)):
                marked.add((int(e.pid[row]), int(e.start_ticks[row])))
        time.sleep(0.05)
    wrong = [
        (pid, code, seen.get(pid)) for pid, code in children.items()
        if pid not in seen or seen[pid][0] != os.getpid() or seen[pid][1] != code
        or seen[pid][2] <= 0 or not seen[pid][3].startswith("sh\\0-c\\0exit ")
    ]
    used = os.times()
    json.dump({
        "wrong": wrong, "lost": sample.counters.lost, "exits": sample.counters.exits,
        "cpu_s": sum(it[2] for pid, it in seen.items() if pid in children) / 1e9,
        "children_s": used.children_user + used.children_system,
        "uids": sorted({it[4] for pid, it in seen.items() if pid in children}),
        "detail": collector.detail, "uid": os.geteuid(),
        "rows": sample.processes.pid.tolist(),
        "others": len(seen.keys() - children.keys()), "marked": len(marked),
    }, reports)

with KernelCollector() as collector:
    collector.sample(Need.NONE)
    if sys.argv[2:]:
        print("ready", flush=True)
        sys.stdin.readline()
    watch(collector, sys.stdout)
"""


def watched(one: Machine, count: int = COUNT, **how: Any) -> dict[str, Any]:
    """Return what a user's collector sees of that many short-lived children."""
    done = one.python(WATCH, str(count), **how)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_member_sees_every_child_with_status_arguments_and_cpu_time(
    loaded: Machine,
) -> None:
    found = watched(loaded, gid=GROUP)
    assert found["uid"] == NOBODY
    assert found["uids"] == [NOBODY]
    assert found["detail"].startswith("eBPF, loaded ")
    assert (found["wrong"], found["lost"]) == ([], 0)
    assert found["exits"] >= COUNT
    # In ticks, of each thread: as much as rusage has, within its error.
    assert found["cpu_s"] == pytest.approx(found["children_s"], rel=0.5)


def test_the_processes_are_those_of_proc(loaded: Machine) -> None:
    """Processes of any user, that live before and after the sample."""
    code = """
import json, os
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.model.schema import Need
def listed():
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = open(f"/proc/{name}/stat").read().rpartition(")")[2].split()
        except OSError:
            continue
        found[int(name)] = int(fields[1]), int(fields[19])
    return found
with KernelCollector() as collector:
    before = listed()
    table = collector.sample(Need.NONE).processes
    after = listed()
ours = {p: (q, s) for p, q, s in zip(
    table.pid.tolist(), table.ppid.tolist(), table.start_ticks.tolist())}
both = {pid: it for pid, it in before.items() if after.get(pid) == it}
json.dump([len(both), [(p, it, ours.get(p)) for p, it in both.items()
                       if ours.get(p) != it]], __import__("sys").stdout)
"""
    done = loaded.python(code, gid=GROUP)
    assert done.returncode == 0, done.stderr
    count, differences = json.loads(done.stdout)
    assert count > 1
    assert differences == []


def test_any_number_of_readers_at_once_each_see_everything(loaded: Machine) -> None:
    """Each has its own position, and disturbs none: it has every end of all."""
    monitors, count = 10, 100
    mark, most = f"together-{os.getpid()}", str(monitors * count)
    command = loaded.command(
        PROGRAM[0], "-P", "-c", WATCH, str(count), mark, most, gid=GROUP
    )
    readers = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=environment(),
        )
        for _ in range(monitors)
    ]  # fmt: skip
    try:
        for reader in readers:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "ready\n"
        for reader in readers:
            assert reader.stdin is not None
            reader.stdin.write("go\n")
            reader.stdin.flush()
        outputs = [json.loads(reader.communicate()[0]) for reader in readers]
    finally:
        for reader in readers:
            reader.kill()
            reader.communicate()
    for found in outputs:
        assert (found["wrong"], found["lost"]) == ([], 0)
        assert found["marked"] == monitors * count


@pytest.mark.parametrize("gid", [GROUP, None])
def test_in_a_container_only_its_own_with_its_own_pids(
    loaded: Machine, gid: int | None
) -> None:
    """Also as root there: the loaded probes serve all pid namespaces."""
    outside = watched(loaded, 1, gid=GROUP)
    found = watched(loaded, 100, gid=gid, container=True)
    assert (found["wrong"], found["lost"]) == ([], 0)
    assert found["exits"] == 100, "of others nothing is counted either"
    assert found["others"] == 0
    assert found["rows"] == [1], "itself alone"
    assert len(outside["rows"]) > 1
    assert found["detail"].startswith("eBPF, loaded ")


def test_of_what_is_in_a_container_the_machine_has_its_own_pids(
    loaded: Machine,
) -> None:
    code = """
import os, subprocess, sys, time
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.model.schema import Need
with KernelCollector() as collector:
    collector.sample(Need.NONE)
    print("ready", flush=True)
    sys.stdin.readline()
    found = []
    while not found:
        e = collector.sample(Need.NONE).exits
        found = [int(p) for p, a in zip(e.pid, e.cmdline) if b"marked-4711" in bytes(a)]
        time.sleep(0.05)
    print(found[0], flush=True)
"""
    command = loaded.command(PROGRAM[0], "-P", "-c", code, gid=GROUP)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=environment(),
    ) as reader:  # fmt: skip
        try:
            assert reader.stdout is not None
            assert reader.stdin is not None
            assert reader.stdout.readline() == "ready\n"
            inside = loaded.run("sh", "-c", ": marked-4711; echo $$", container=True)
            assert inside.stdout == "1\n"
            reader.stdin.write("go\n")
            reader.stdin.flush()
            assert int(reader.stdout.readline()) > 1
        finally:
            reader.kill()


def test_a_namespace_deeper_than_the_records_go_is_refused(loaded: Machine) -> None:
    deeper = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    done = loaded.run(*deeper * 3, *PROGRAM, "--collector-info")
    assert "[active] kernel (eBPF, loaded " in done.stdout
    done = loaded.run(*deeper * 4, *PROGRAM, "--collector-info")
    assert "kernel: unavailable: the kernel's snapshot lacks montauk" in done.stdout


def test_unloading_is_seen_at_once_and_loading_as_soon() -> None:
    code = """
import sys, threading
from montauk_tui.collectors import registry
from montauk_tui.model.schema import Need
from montauk_tui.pipeline import chain as module
from montauk_tui.pipeline.chain import CollectorChain
module._RETRIES_S, module._LATER_S = (0.05,), 0.05
chain = CollectorChain(registry.open_quickly())
def upgrade():
    for _ in chain.upgrades():
        pass
thread = threading.Thread(target=upgrade, daemon=True)
thread.start()
for line in sys.stdin:
    while True:
        status = chain.next_reading(Need.NONE).status
        if (status.name == "kernel") == (line.strip() == "kernel"):
            break
    print(status.name, status.detail, *status.refusals, sep="|", flush=True)
chain.close()
"""
    with machine() as one:
        one.montauk("probes", "load", "--group", str(GROUP))
        command = one.command(PROGRAM[0], "-P", "-c", code, gid=GROUP)
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=environment(),
        ) as monitor:  # fmt: skip
            try:
                assert says(monitor, "kernel").startswith("kernel|eBPF, loaded ")
                one.montauk("probes", "unload")
                below = says(monitor, "other")
                assert below.startswith(("netlink|", "traditional|"))
                assert "the probes were unloaded" in below
                one.montauk("probes", "load", "--group", str(GROUP))
                assert says(monitor, "kernel").startswith("kernel|eBPF, loaded ")
                # Other probes in place of these are another reason to open them.
                one.montauk("probes", "load", "--group", str(GROUP), "--slots", "1024")
                says(monitor, "kernel")
            finally:
                monitor.kill()


def says(monitor: "subprocess.Popen[str]", wanted: str) -> str:
    """Return the collector once it is the kernel one, or another."""
    assert monitor.stdin is not None
    assert monitor.stdout is not None
    monitor.stdin.write(f"{wanted}\n")
    monitor.stdin.flush()
    return monitor.stdout.readline()


def test_nothing_of_other_collectors_or_loaders_is_started(loaded: Machine) -> None:
    code = """
import subprocess, sys
from montauk_tui.collectors import registry
class Never(subprocess.Popen):
    def __init__(self, *a, **k):
        raise AssertionError(a)
subprocess.Popen = Never
opened = registry.open_quickly()
others = [it for it in sys.modules if "netlink" in it or it.endswith("kernel.loader")]
print(opened.collector.name, opened.better, opened.refusals, others)
"""
    done = loaded.python(code, gid=GROUP)
    assert done.stdout == "kernel () () []\n", done.stderr


def test_without_a_record_the_first_sample_imports_nothing_that_joins_them(
    loaded: Machine,
) -> None:
    code = """
import os, sys
from montauk_tui.collectors import registry
from montauk_tui.collectors.kernel import logs
from montauk_tui.model.schema import Need
def joins():
    names = "events deaths exit_records starts memory_events run_delay iterated sizes"
    return [it for it in names.split() if f"montauk_tui.collectors.kernel.{it}" in
            sys.modules]
def events(sample):
    return len(sample.exits), len(sample.starts), len(sample.ending), (
        sample.reported_until_ns < sample.boot_s * 1e9 + 1e9)
collector = registry.open_quickly().collector
drain = logs.ProbeLogs.drain
logs.ProbeLogs.drain = lambda self: logs._NOTHING
print(joins(), *events(collector.sample(Need.NONE)), joins())
logs.ProbeLogs.drain = drain
os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
exits, starts, _, is_until = events(collector.sample(Need.NONE))
print(exits + len(collector.sample(Need.NONE).exits) > 0, starts > 1, is_until)
print("events" in joins(), collector._run_delay is None)
collector.sample(Need.WAIT)
print("run_delay" in joins(), collector._run_delay is None)
collector.sample(Need.NONE)
print(collector._run_delay is None)
"""
    done = loaded.python(code, gid=GROUP)
    assert done.stdout.splitlines() == [
        "[] 0 0 0 True []", "True True True", "True True", "True False", "True"
    ], done.stderr  # fmt: skip


def test_events_of_an_ordinary_user(loaded: Machine) -> None:
    done = loaded.montauk("events", "--json", "--duration", "1", gid=GROUP)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["summary"]["lost"] == 0
