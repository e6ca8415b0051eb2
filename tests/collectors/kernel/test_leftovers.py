"""What remains when it is over: nothing, however it ended."""

import ast
import ctypes
import json
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from montauk_tui.collectors.kernel import loader
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.collectors.kernel.loader import Loaded
from montauk_tui.errors import CollectorUnavailable
from montauk_tui.resources import folder
from tests.collectors.kernel.support import opened
from tests.support.patience import until

SYS_BPF: Final = {"x86_64": 321, "s390x": 351, "ppc64le": 361}.get(
    platform.machine(), 280
)
NEXT_ID: Final = {"program": 11, "map": 12, "link": 31}
"""BPF_PROG_GET_NEXT_ID and its like (include/uapi/linux/bpf.h)."""

DEFINES: Final = {"CPUS": os.sysconf("SC_NPROCESSORS_CONF"), "LIVES": 64, "BRIEFS": 128}


class Objects(NamedTuple):
    """A kind of BPF object and its id."""

    kind: str
    id: int


def bpf_objects() -> set[Objects]:
    """Return everything that BPF holds on this machine."""
    libc = ctypes.CDLL(None, use_errno=True)
    found = set()
    for kind, command in NEXT_ID.items():
        last = 0
        while True:
            attributes = (ctypes.c_uint32 * 3)(last, 0, 0)
            if libc.syscall(SYS_BPF, command, attributes, 12) < 0:
                break
            last = attributes[1]
            found.add(Objects(kind, last))
    return found


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


def children_of(pid: int) -> list[int]:
    """Return the children of all threads of a process."""
    return [
        int(child)
        for path in Path(f"/proc/{pid}/task").glob("*/children")
        for child in path.read_text().split()
    ]


# --- objects of the kernel ------------------------------------------------------------


@pytest.mark.privileged
def test_close_removes_all_that_open_made() -> None:
    files = open_files()
    with opened():
        ours = bpf_objects_of(os.getpid())
        kinds = {entry.kind for entry in ours}
        assert kinds >= {"program", "map", "link"}
        assert ours <= bpf_objects()
    until(lambda: not ours & bpf_objects(), "the objects to go")
    assert open_files() == files


@pytest.mark.privileged
def test_a_kill_leaves_nothing_behind() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "montauk_tui", "--json", "-d", "1"],
        env={**os.environ, "MONTAUK_COLLECTOR": "kernel"},
        stdout=subprocess.PIPE,
    )
    with process:
        try:
            assert process.stdout is not None
            line = json.loads(process.stdout.readline())
            assert line["collector"]["name"] == "kernel"
            ours = bpf_objects_of(process.pid)
            assert {entry.kind for entry in ours} >= {"program", "map", "link"}
            assert ours <= bpf_objects()
            assert children_of(process.pid) == [], "the loader has ended"
        finally:
            process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    until(lambda: not ours & bpf_objects(), "the objects to go")


FIELDS: Final = {"prog_id": "program", "map_id": "map", "link_id": "link"}


def bpf_objects_of(pid: int) -> set[Objects]:
    """Return what the descriptors of a process refer to (proc_pid_fdinfo(5))."""
    found = set()
    for path in Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            lines = path.read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            name, _, value = line.partition(":")
            if name in FIELDS:
                found.add(Objects(FIELDS[name], int(value)))
    return found


# --- the loader -----------------------------------------------------------------------


def load(python: Path | str | None, probes: Path | None = None) -> Loaded:
    namespace = os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116
    defines = {**DEFINES, "READER_PIDNS": namespace}
    return loader.load(
        probes or folder("probes"),
        defines,
        "auto",
        None if python is None else str(python),
    )


def refusal(
    python: Path | str | None, probes: Path | None = None
) -> CollectorUnavailable:
    """Return why loading failed, having checked that nothing is left of it."""
    files, children = open_files(), children_of(os.getpid())
    with pytest.raises(CollectorUnavailable) as caught:
        load(python, probes)
    assert open_files() == files
    assert children_of(os.getpid()) == children
    for line in (caught.value.reason, caught.value.remedy):
        assert line
        assert line.isprintable(), "one line"
        assert not line.endswith(".")
    return caught.value


def fake_python(folder: Path, script: str) -> Path:
    """Return a program that is run in place of the interpreter; $4 is its socket."""
    path = folder / "python3"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_a_loader_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "PATIENCE_S", 0.1)
    said = refusal(fake_python(tmp_path, "exec sleep 1000"))
    assert "did not answer" in said.reason


@pytest.mark.parametrize(
    ("script", "how"),
    [
        ("exit 1", "ended with code 1"),
        ("exit 0", "ended with code 0"),
        ("kill -KILL $$", "killed by SIGKILL"),
    ],
)
def test_a_loader_that_ends_half_way(tmp_path: Path, script: str, how: str) -> None:
    assert how in refusal(fake_python(tmp_path, script)).reason


def test_what_a_loader_complains_of_is_told(tmp_path: Path) -> None:
    script = "echo hello; echo 'fatal error: no \033[1mstruct\033[0m' >&2; exit 1"
    said = refusal(fake_python(tmp_path, script))
    assert "fatal error: no " in said.reason
    assert "hello" not in said.reason


@pytest.mark.parametrize(
    "answer", ["garbage", "{", "[]", "7", '{"names": ["lives"]}', '"text"', "\\377\\0"]
)
def test_a_loader_that_answers_nonsense(tmp_path: Path, answer: str) -> None:
    script = f"""printf '{answer}' >&"$4" """
    refusal(fake_python(tmp_path, script))


def test_an_interpreter_that_is_not_there(tmp_path: Path) -> None:
    refusal(tmp_path / "python3")


def test_an_interpreter_that_cannot_be_run(tmp_path: Path) -> None:
    (tmp_path / "python3").write_bytes(b"\x7fELF nonsense")
    (tmp_path / "python3").chmod(0o755)
    refusal(tmp_path / "python3")


def test_an_interpreter_without_bcc() -> None:
    """This very one: BCC is the distribution's."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", "import bcc"], capture_output=True, check=False
    )
    if done.returncode == 0:
        pytest.skip("the interpreter of the tests has BCC")
    if not os.access("/sys/kernel/btf/vmlinux", os.R_OK):
        pytest.skip("this kernel has no BTF, which is looked for before BCC")
    assert "bcc cannot be imported" in refusal(sys.executable).reason


def test_no_interpreter_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "interpreter", lambda: None)
    said = refusal(None)
    assert (said.reason, said.remedy) == loader.NO_BCC


@pytest.mark.privileged
def test_probes_that_do_not_compile(tmp_path: Path) -> None:
    (tmp_path / "montauk.c").write_text("int broken( { return nonsense; }\n")
    said = refusal(None, tmp_path)
    assert "cannot compile" in said.reason
    assert "error:" in said.reason, "what the compiler says"


@pytest.mark.privileged
def test_probes_that_the_kernel_refuses(tmp_path: Path) -> None:
    probes = folder("probes")
    text = (probes / "montauk.c").read_text()
    marker = "int exec_tracepoint(u64 *ctx) {"
    assert marker in text
    # An address that a program may not read without a helper.
    broken = text.replace(marker, f"{marker} u64 *wild = (u64 *)ctx[0]; *wild = 1;")
    for path in probes.iterdir():
        if path.name != "montauk.c":
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / "montauk.c").write_text(broken)
    said = refusal(None, tmp_path)
    assert "exec_tracepoint" in said.reason


@pytest.mark.privileged
def test_loading_leaves_descriptors_to_the_caller_only() -> None:
    files, children = open_files(), children_of(os.getpid())
    loaded = load(None)
    assert open_files() == files + len(loaded.descriptors)
    assert children_of(os.getpid()) == children
    assert {"lives", "forks", "frees", "counts", "iterator"} <= set(loaded.descriptors)
    for descriptor in loaded.descriptors.values():
        assert not os.get_inheritable(descriptor)
    loaded.close()
    assert open_files() == files


# --- without privilege ----------------------------------------------------------------

AS_NOBODY: Final = """
import os, sys
from montauk_tui.collectors.kernel.collector import KernelCollector
KernelCollector().availability()  # What it imports may be root's alone.
try:
    if os.geteuid() == 0:
        os.setgroups([]); os.setgid(65534); os.setuid(65534)
except PermissionError:
    pass  # Root by name only: it has no more rights than anybody.
print(tuple(KernelCollector().availability()))
"""


def test_an_ordinary_user_is_told_why_and_how() -> None:
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY], capture_output=True, text=True, check=True
    )
    available, reason, remedy = ast.literal_eval(done.stdout)
    assert not available
    assert reason
    if "task iterator" not in reason:
        assert reason == "no CAP_BPF and CAP_PERFMON"
        assert "sudo montauk" in remedy or "capabilities" in remedy


@pytest.mark.privileged
def test_root_is_told_nothing() -> None:
    assert KernelCollector().availability() == (True, "", "")
