"""The kernel collector on hosts that lack something: what is said, and who serves."""

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from montauk_tui.collectors.kernel import requirements
from montauk_tui.resources import folder
from tests.cli.conftest import PROGRAM, Result
from tests.support.patience import until

pytestmark = pytest.mark.privileged

MOUNTS = ["unshare", "--mount"]
"""What is mounted in there is nobody else's business."""

# Lets every system call pass but bpf(), then becomes the program (seccomp(2)).
WITHOUT_BPF = """
import ctypes, os, struct, sys
def rule(*parts):
    return struct.pack("HBBI", *parts)
number, error = int(sys.argv[1]), 1
rules = ctypes.create_string_buffer(
    rule(0x20, 0, 0, 0) + rule(0x15, 0, 1, number)
    + rule(0x06, 0, 0, 0x50000 | error) + rule(0x06, 0, 0, 0x7FFF0000)
)
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("rules", ctypes.c_void_p)]
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
program = Program(4, ctypes.addressof(rules))
if libc.prctl(22, 2, ctypes.byref(program)) != 0:
    sys.exit(77)
os.execv(sys.argv[2], sys.argv[2:])
"""
BPF_NUMBERS = {"x86_64": 321, "aarch64": 280, "riscv64": 280}

SEEN_AS_NOBODY = """
sleep 1000 &
mount -t proc -o hidepid=2 proc /proc &&
exec setpriv --reuid=65534 --regid=65534 --clear-groups \
    --inh-caps=-all,+bpf,+perfmon --ambient-caps=-all,+bpf,+perfmon "$@"
"""


@pytest.fixture(autouse=True)
def only_where_it_serves() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may take something away from the kernel collector")
    state = requirements.check()
    if not state.available:
        pytest.skip(f"no kernel collector here: {state.reason}")


def run(*command: str, **environment: str) -> Result:
    done = subprocess.run(
        command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return Result(done.returncode, done.stdout, without_waiting(done.stderr))


def without_waiting(complaints: str) -> str:
    """Return what was complained of: that loading takes long is no complaint."""
    lines = complaints.splitlines(keepends=True)
    return "".join(line for line in lines if ": loading for " not in line)


def in_namespace(script: str, *arguments: str, **environment: str) -> Result:
    """Run the program where `script`, as root of its own mounts, was run before."""
    probe = run(*MOUNTS, "sh", "-ec", script)
    if probe.code:
        pytest.skip(f"not possible here: {probe.err.strip()}")
    script += '\nexec "$@"'
    return run(*MOUNTS, "sh", "-ec", script, "sh", *PROGRAM, *arguments, **environment)


def seccomp(*arguments: str, **environment: str) -> Result:
    number = BPF_NUMBERS.get(platform.machine())
    if number is None:
        pytest.skip(f"the number of bpf() is not known for {platform.machine()}")
    filtered = [sys.executable, "-c", WITHOUT_BPF, str(number), *PROGRAM]
    result = run(*filtered, *arguments, **environment)
    if result.code == 77:
        pytest.skip("this kernel has no seccomp filters")
    return result


def user_namespace(*arguments: str, **environment: str) -> Result:
    outside = ["unshare", "--user", "--map-root-user"]
    if run(*outside, "true").code:
        pytest.skip("no user namespaces here")
    return run(*outside, *PROGRAM, *arguments, **environment)


def ordinary_user(*arguments: str, **environment: str) -> Result:
    other = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]
    if run(*other, "true").code:
        pytest.skip("setpriv cannot drop capabilities here")
    return run(*other, *PROGRAM, *arguments, **environment)


def no_btf(*arguments: str, **environment: str) -> Result:
    script = "mount -t tmpfs none /sys/kernel/btf"
    return in_namespace(script, *arguments, **environment)


def broken_probes(*arguments: str, **environment: str) -> Result:
    there = folder("probes")
    script = (
        f"here=$(mktemp -d); mount -t tmpfs -o mode=755 none $here;"
        f"cp -r {there}/. $here;"
        f"echo 'int broken = ;' >> $here/lives.c; mount --bind $here {there};"
        "umount -l $here; rmdir $here"
    )
    return in_namespace(script, *arguments, **environment)


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (seccomp, "bpf() is refused despite sufficient privilege"),
        (user_namespace, "user namespace"),
        (ordinary_user, "no CAP_BPF and CAP_PERFMON"),
        (no_btf, "no /sys/kernel/btf/vmlinux; use a kernel with"),
        (broken_probes, "BCC cannot compile the probes"),
    ],
    ids=["seccomp", "user-namespace", "ordinary-user", "no-btf", "broken-probes"],
)
def test_one_line_says_why_and_the_next_one_serves(
    place: Callable[..., Result], reason: str
) -> None:
    code, out, err = place("--collector-info")
    assert (code, err) == (0, "")
    title, *listed = out.splitlines()
    assert title == "Available collectors:"
    (line,) = [one for one in listed if one.startswith("           kernel: unavail")]
    assert reason in line
    assert "; " in line
    assert sum("[active]" in one for one in listed) == 1

    forced = place("--collector-info", MONTAUK_COLLECTOR="kernel")
    assert forced.code == 1
    assert line in forced.out.splitlines()
    assert "[active]" not in forced.out

    refused = place("--json", "-n1", "-d.1", MONTAUK_COLLECTOR="kernel")
    assert refused.code == 1
    assert refused.complaint == f"montauk: collector {line.strip()}"


@contextmanager
def sampling() -> Iterator[Callable[[], dict[str, Any]]]:
    """Run the program until the block ends; return what reads its next sample."""
    command = [*PROGRAM, "--collector=kernel", "--json", "-d.2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as monitor:
        lines = monitor.stdout
        assert lines is not None
        try:
            yield lambda: dict(json.loads(lines.readline()))
        finally:
            monitor.kill()


def test_processes_that_ended_are_listed_once_with_their_ends() -> None:
    deaths = {3: "exit 3", -9: "kill -KILL $$"}
    pids: dict[int, int] = {}
    with sampling() as sample:
        samples = [sample()]
        for code, script in deaths.items():
            with subprocess.Popen(["sh", "-c", script, f"end-{code}"]) as process:
                pids[code] = process.pid
            assert process.returncode == code

        def all_listed() -> bool:
            samples.append(sample())
            return set(pids.values()) <= {
                one["pid"] for each in samples for one in each["processes"]
                if not one["alive"]
            }  # fmt: skip

        until(all_listed, "their ends")
        # Nor are they listed again.
        samples += [sample() for _ in range(3)]
    for code, pid in pids.items():
        seen = [
            one for sample in samples for one in sample["processes"]
            if one["pid"] == pid and not one["alive"]
        ]  # fmt: skip
        assert len(seen) == 1
        assert seen[0]["cmdline"] == f"sh -c {deaths[code]} end-{code}"
        status = (3, None) if code == 3 else (None, 9)
        assert (seen[0]["exit_code"], seen[0]["exit_signal"]) == status
        assert seen[0]["ppid"] == os.getpid()
        assert seen[0]["peak_rss_bytes"] >= seen[0]["rss_bytes"]
        assert 0 < seen[0]["lifetime_s"] < samples[-1]["time"]


def test_neither_bpffs_nor_tracefs_is_needed() -> None:
    script = """
    for place in /sys/kernel/debug/tracing /sys/kernel/debug /sys/kernel/tracing \
            /sys/fs/bpf; do
        while grep -q " $place " /proc/self/mounts; do umount -l $place; done
    done
    """
    code, out, err = in_namespace(script, "--collector=kernel", "--collector-info")
    assert (code, err) == (0, "")
    assert "  [active] kernel (eBPF, BCC " in out


def test_a_proc_that_hides_processes_hides_none() -> None:
    """Names and numbers come from the kernel; only arguments are read from /proc."""
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    spaces = [*MOUNTS, "--pid", "--fork"]
    places = [*spaces, "sh", "-c", SEEN_AS_NOBODY, "sh"]
    probe = run(*places, sys.executable, "-c", "import numpy")
    if probe.code:
        pytest.skip(f"not possible here: {probe.err.strip()}")
    options = ["--collector=kernel", "--json", "-n1", "-d.1"]
    code, out, err = run(*places, *PROGRAM, *options, XDG_CONFIG_HOME="/nowhere")
    assert (code, err) == (0, "")
    seen = {(one["comm"], one["uid"]): one for one in json.loads(out)["processes"]}
    assert seen["sleep", 0]["rss_bytes"] > 0
    assert seen["sleep", 0]["cmdline"] is None


def test_what_is_in_the_way_of_unprivileged_users_is_not_in_ours() -> None:
    setting = Path("/proc/sys/kernel/unprivileged_bpf_disabled")
    if not setting.exists() or setting.read_text("ascii").strip() == "0":
        pytest.skip("kernel.unprivileged_bpf_disabled is not set here")
    code, out, _ = run(*PROGRAM, "--collector=kernel", "--collector-info")
    assert code == 0
    assert "  [active] kernel (" in out
