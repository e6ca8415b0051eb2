"""`montauk probes load`, `unload` and `status`."""

import contextlib
import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from montauk_tui.collectors.kernel.records import ABI
from tests.support.bpfmachine import (
    GROUP,
    PLACE,
    PROGRAM,
    Machine,
    complaints,
    machine,
    pinned_objects,
)
from tests.support.bpfobjects import bpf_objects
from tests.support.patience import until

pytestmark = pytest.mark.privileged

FOLDER = f"{PLACE}/montauk-{ABI}"
LIST = f"find {PLACE} -mindepth 1 -printf '%P %M %u %g\\n'"
NOT_OURS = ("maps.debug", "progs.debug")


def listing(one: Machine) -> dict[str, str]:
    """Return mode, owner and group of every name below the BPF file system."""
    lines = one.run("sh", "-c", LIST).stdout.splitlines()
    found = dict(line.split(" ", 1) for line in lines)
    return {name: it for name, it in found.items() if name not in NOT_OURS}


def access(one: Machine) -> str:
    """Return the mode and the group of the file system; it is always sticky."""
    return one.run("stat", "-c", "%a %g", PLACE).stdout.strip().removeprefix("1")


def load(one: Machine, *options: str) -> str:
    done = one.montauk("probes", "load", *options)
    assert (done.returncode, complaints(done)) == (0, [])
    return done.stdout


def test_a_group_may_read_and_nobody_else_but_root(loaded: Machine) -> None:
    found = listing(loaded)
    assert found.pop(f"montauk-{ABI}") == f"drwxr-x--- root {GROUP}"
    below = {name.removeprefix(f"montauk-{ABI}/"): it for name, it in found.items()}
    hooks = {name: below.pop(name) for name in list(below) if "hooks" in name}
    assert hooks.pop("hooks") == "drwx------ root root"
    assert set(hooks.values()) == {"-rw------- root root"}
    logs = ("lives", "forks", "finals", "deaths", "victims", "attempts")
    maps = (*logs, "counts", "idles")
    assert below == {
        **dict.fromkeys(maps, f"-rw-rw---- root {GROUP}"),
        **{f"read_{name}": f"-r--r----- root {GROUP}" for name in (*maps, "about")},
        "tasks": f"-r--r----- root {GROUP}",
        "about": f"-r--r----- root {GROUP}",
    }


def test_the_status_says_what_is_loaded(loaded: Machine) -> None:
    for gid in (None, GROUP):
        done = loaded.montauk("probes", "status", gid=gid)
        assert (done.returncode, complaints(done)) == (0, [])
        rows = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
        assert list(rows) == [
            "loaded", "version", "attached", "readers", "events", "missed", "logs",
            "memory", "pins",
        ]  # fmt: skip
        assert f"ABI {ABI}" in rows["version"]
        assert rows["readers"] == f"group {GROUP}"
        assert rows["pins"] == FOLDER
        missed = (
            r"only root can see .*" if gid else r"\d+ events? left out by the kernel"
        )
        assert re.fullmatch(missed, rows["missed"])
        attached = r"\d+ hooks by (kprobes|tracepoints)(, failed execs unseen)?"
        assert re.fullmatch(attached, rows["attached"])
        counts = [int(it) for it in re.findall(r"(\d+) \w", rows["events"])]
        assert len(counts) == 3
        assert all(counts), "what runs montauk here was forked, did an exec and exited"


def test_root_has_the_programs_that_count_what_the_kernel_left_out(
    loaded: Machine,
) -> None:
    """As of private probes: what was left out is in `lost`."""
    code = """
from montauk_tui.collectors.kernel import bpf, pins
with pins.find() as found:
    programs = [it for it in found.about.hooked if it in found.descriptors]
    print(sorted(programs) == sorted(found.about.hooked),
          all(bpf.recursion_misses(found.descriptors[it]) >= 0 for it in programs))
"""
    done = loaded.python(code)
    assert done.stdout == "True True\n", done.stderr


def test_loading_again_changes_nothing(loaded: Machine) -> None:
    before, objects = listing(loaded), pinned_objects(loaded)
    said = load(loaded, "--group", str(GROUP))
    assert "were loaded before" in said
    assert listing(loaded) == before
    assert pinned_objects(loaded) == objects


def test_other_sizes_or_readers_replace_them_and_unloading_leaves_nothing() -> None:
    with machine("mode=0755") as one:
        load(one)
        assert listing(one)[f"montauk-{ABI}"] == "drwx------ root root"
        first = pinned_objects(one)
        assert {it.kind for it in first} == {"map", "link", "program"}
        load(one, "--slots", "1024", "--group", str(GROUP))
        status = one.montauk("probes", "status").stdout
        assert "1,024 records for each" in status
        assert listing(one)[f"montauk-{ABI}"] == f"drwxr-x--- root {GROUP}"
        until(lambda: not first & bpf_objects(), "the first ones to go")
        second = pinned_objects(one)
        done = one.montauk("probes", "unload")
        assert (done.returncode, complaints(done)) == (0, [])
        assert done.stdout == f"unloaded: {FOLDER}\n"
        assert listing(one) == {}
        until(lambda: not second & bpf_objects(), "everything to go")
        assert one.montauk("probes", "unload").stdout == "no probes were loaded\n"
        done = one.montauk("probes", "status")
        assert done.returncode == 1
        assert "sudo montauk probes load" in done.stderr


@pytest.mark.usefixtures("nobody")
def test_everybody_only_where_that_is_asked_for() -> None:
    with machine("mode=0700") as one:
        said = load(one, "--everybody")
        assert "every user can now read" in said
        assert access(one) == "701 0"
        found = listing(one)
        assert found[f"montauk-{ABI}"] == "drwxr-xr-x root root"
        assert found[f"montauk-{ABI}/lives"] == "-rw-rw-rw- root root"
        assert found[f"montauk-{ABI}/tasks"] == "-r--r--r-- root root"
        assert found[f"montauk-{ABI}/hooks"] == "drwx------ root root"
        done = one.montauk("--collector-info", gid=GROUP)
        assert "[active] kernel (eBPF, loaded " in done.stdout
        # The same probes for fewer: the folder above is as it was.
        load(one)
        assert access(one) == "700 0"


@pytest.mark.usefixtures("nobody")
def test_a_file_system_for_root_is_opened_for_the_group_until_they_are_unloaded() -> (
    None
):
    """As systemd mounts it."""
    with machine("mode=0700") as one:
        assert f"group {GROUP} may search {PLACE}" in load(one, "--group", str(GROUP))
        assert access(one) == f"710 {GROUP}"
        done = one.montauk("--collector-info", gid=GROUP)
        assert "[active] kernel (eBPF, loaded " in done.stdout
        load(one, "--group", "4243")
        assert access(one) == "710 4243"
        done = one.montauk("probes", "status", gid=GROUP)
        assert done.returncode == 1
        assert f"{PLACE} is for group 4243; join it" in done.stderr
        one.montauk("probes", "unload")
        assert access(one) == "700 0"


def test_the_folder_above_is_restored_for_those_of_another_version_too() -> None:
    other = f"{PLACE}/montauk-{ABI + 1}"
    with machine("mode=0700") as one:
        for command in ("load", "unload"):
            load(one, "--group", str(GROUP))
            one.shell(f"mv {FOLDER} {other}")
            assert one.montauk("probes", command).returncode == 0
            assert access(one) == "700 0"


def test_a_file_system_of_another_group_is_left_alone() -> None:
    with machine("mode=0750,gid=4000") as one:
        before = access(one)
        done = one.montauk("probes", "load", "--group", str(GROUP))
        assert done.returncode == 1
        assert "chmod o+x" in done.stderr
        assert (access(one), listing(one)) == (before, {})


@pytest.mark.parametrize(
    "spoil",
    [
        "bpf.pin = fail_at(5)",
        "bpf.freeze = fail_at(2)",
        "pinning.Work.publish = fail_at(1)",
        "loader.subprocess.Popen = fail_at(1)",
    ],
)
@pytest.mark.parametrize("was_loaded", [False, True])
def test_a_failed_load_leaves_everything_as_it_was(
    spoil: str, *, was_loaded: bool
) -> None:
    code = f"""
import itertools
from montauk_tui import cli
from montauk_tui.collectors.kernel import bpf, loader, pinning
def fail_at(count):
    calls = itertools.count(1)
    def failing(*given, **more):
        if next(calls) == count:
            raise OSError(28, "No space left on device")
        return whole(*given, **more)
    return failing
whole = {spoil.split(" = ", maxsplit=1)[0]}
{spoil}
raise SystemExit(cli.main(["probes", "load", "--group", "4243"]))
"""
    with machine("mode=0700") as one:
        if was_loaded:
            load(one, "--group", str(GROUP))
        before = listing(one), access(one), pinned_objects(one)
        done = one.python(code)
        assert done.returncode == 1, done.stderr
        assert "No space left on device" in done.stderr
        assert (listing(one), access(one), pinned_objects(one)) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_load_that_is_ended_leaves_nothing_for_the_next(number: int) -> None:
    with machine() as one:
        with running(one.command(*PROGRAM, "probes", "load")) as process:
            until(lambda: "montauk-work" in listing(one), "it to begin")
            pid = montauk_below(process.pid)
            Path(f"/proc/{pid}").stat()
            subprocess.run(["kill", f"-{number}", str(pid)], check=True)
            process.wait()
        expected = {"montauk-work"} if number == signal.SIGKILL else set()
        if f"montauk-{ABI}" not in listing(one):
            assert {name.split("/")[0] for name in listing(one)} == expected
        load(one)
        assert {name.split("/")[0] for name in listing(one)} == {f"montauk-{ABI}"}


@contextlib.contextmanager
def running(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def montauk_below(pid: int) -> int:
    """Return the process that nsenter became: it does not fork."""
    assert "montauk" in Path(f"/proc/{pid}/cmdline").read_text()
    return pid


def test_two_at_once_load_once(empty: Machine) -> None:
    command = empty.command(*PROGRAM, "probes", "load")
    with running(command) as first, running(command) as second:
        said = sorted(process.communicate() for process in (first, second))
    assert [first.returncode, second.returncode] == [0, 0], said
    assert [("before" in out) for out, _ in said] == [False, True]


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("command", ["load", "unload"])
def test_who_is_not_root_is_told_so(empty: Machine, command: str) -> None:
    done = empty.montauk("probes", command, gid=GROUP)
    assert done.returncode == 1
    assert done.stderr == (
        f"montauk: only root may {command} probes; "
        f"run it as root: sudo montauk probes {command}\n"
    )


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--group", "no-such-group"), "no group is called 'no-such-group'"),
        (("--group", "99999999999"), "no group is called '99999999999'"),
        (("--group", ""), "no group is called ''"),
        (("--slots", "1000"), "1000 is not a power of two"),
        (("--slots", "1073741824"), "1073741824 is not a power of two"),
    ],
)
def test_what_cannot_be_meant(
    empty: Machine, options: tuple[str, ...], reason: str
) -> None:
    done = empty.montauk("probes", "load", *options)
    assert done.returncode in (1, 2)
    assert reason in done.stderr
    assert "; " in done.stderr
    assert listing(empty) == {}


def test_the_library_that_others_use_is_a_plain_text(loaded: Machine) -> None:
    """The map `about`, as docs/probes.md has it."""
    code = f"""
import json, os
from montauk_tui.collectors.kernel import bpf
fd = bpf.pinned("{FOLDER}/about", read_only=True)
print(bpf.first(fd, bpf.map_info(fd)[2]).rstrip(bytes(1)).decode())
"""
    done = loaded.python(code, gid=GROUP)
    facts = json.loads(done.stdout)
    assert facts["abi"] == ABI
    assert facts["slots"] & (facts["slots"] - 1) == 0


# --- what a start costs ---------------------------------------------------------------

START = """
import os
from montauk_tui.collectors.kernel import pins
from montauk_tui.collectors.kernel.collector import KernelCollector
found = []
find = pins.find
pins.find = lambda *given: found.append(find(*given)) or found[-1]
files = lambda: sorted(os.listdir("/proc/self/fd"))
before = files()
collector = KernelCollector()
print(collector.slow_to_open, collector.availability().available, len(found))
collector.open()
print(len(found))
collector.close()
del collector
print(len(files()) - len(before))
KernelCollector().availability()
print(len(files()) - len(before))
"""


def test_pins_are_found_once_from_the_question_to_the_use(empty: Machine) -> None:
    """And whoever only asks leaves nothing open."""
    load(empty, "--group", str(GROUP))
    done = empty.python(START, gid=GROUP)
    assert done.returncode == 0, done.stderr
    first, after_open, left, left_by_question = done.stdout.splitlines()
    assert first == "False True 1"
    assert after_open == "1"
    assert (left, left_by_question) == ("0", "0")
