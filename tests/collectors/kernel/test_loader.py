"""The process that loads the probes, in parts: no privilege is needed for them."""

import array
import errno
import os
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from montauk_tui.collectors.kernel import bpf, loader, loader_main
from montauk_tui.collectors.kernel.attached import Loaded, Refused
from montauk_tui.errors import CollectorUnavailable


def test_no_file_beside_the_package_stands_for_the_standard_library(
    tmp_path: Path,
) -> None:
    package = tmp_path / "montauk_tui"
    shutil.copytree(Path(loader.__file__).parents[2], package)
    for name in ("platform", "ctypes", "grp", "hashlib", "base64", "copyreg"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('HOSTILE')\n")
    script = package / "collectors" / "kernel" / "loader_main.py"
    code = f"""
import runpy, sys
runpy.run_path({str(script)!r}, run_name="imported")
print([path for path in sys.path if path == {str(tmp_path)!r}])
"""
    command = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


@contextmanager
def room_for_descriptors(count: int) -> Iterator[None]:
    """Let this process open so many more."""
    more = [os.open(os.devnull, os.O_RDONLY) for _ in range(count)]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(more) + 1, hard))
    for descriptor in more:
        os.close(descriptor)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_descriptors_that_do_not_all_fit_are_no_answer() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        rights = array.array("i", [theirs.fileno()] * 3)
        theirs.sendmsg([b"{}"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        before = sorted(Path("/proc/self/fd").iterdir())
        with room_for_descriptors(2):
            most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
            with pytest.raises(CollectorUnavailable) as caught:
                loader._receive(ours)  # noqa: SLF001 - else the loader had to be started
        assert sorted(Path("/proc/self/fd").iterdir()) == before
    assert caught.value.may_pass
    assert f"limit of open files, {most}, is too low" in caught.value.reason
    assert caught.value.remedy == "raise the limit of open files: ulimit -n 1024"


@pytest.mark.parametrize(
    ("said", "is_memory"),
    [
        ("libbcc.so.0: failed to map segment from shared object", True),
        ("libLLVM-14.so.1: cannot allocate memory in static TLS block", True),
        ("x.so: Cannot map zero-fill pages", True),
        ("cannot import name 'Mapping' from 'collections'", False),
        ("libbcc.so.0: undefined symbol: bcc_create_map", False),
    ],
)
def test_only_a_lack_of_memory_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, *, is_memory: bool
) -> None:
    packages = tmp_path / "python3" / "dist-packages"
    (packages / "bcc").mkdir(parents=True)
    (packages / "bcc" / "__init__.py").write_text(f"raise ImportError({said!r})\n")
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "bcc", raising=False)
    with pytest.raises(Refused) as caught:
        loader_main._import_bcc([str(packages)])  # noqa: SLF001 - the one user is slow
    assert said in caught.value.reason
    assert caught.value.may_pass is is_memory
    assert ("memory" in caught.value.remedy) is is_memory


@pytest.mark.parametrize(
    ("number", "log", "what"),
    [
        (errno.EACCES, "R1 invalid mem access 'scalar'", "report it"),
        (errno.EINVAL, "unknown func bpf_loop#181", "report it"),
        (errno.EPERM, "", "run as root"),
        (errno.EPERM, "function calls are for root", "run as root"),
        (errno.EACCES, "", "run as root"),
        (errno.ENOMEM, "processed", "free memory"),
    ],
)
def test_what_the_verifier_refuses_is_no_lack_of_privilege(
    monkeypatch: pytest.MonkeyPatch, number: int, log: str, what: str
) -> None:
    def refuses(*_: Any) -> int:
        error = bpf.VerifierError(number, os.strerror(number))
        error.log = log
        raise error

    monkeypatch.setattr(bpf, "load_program", refuses)
    # One program that uses no map.
    kept = {
        "maps": {},
        "programs": {"bpf_iter__task": ["", []]},
        "targets": {"bpf_iter_task": 1},
    }
    with pytest.raises(Refused) as caught:
        Loaded(kept)
    assert log in caught.value.reason
    assert caught.value.remedy.startswith(what)


@pytest.mark.parametrize("machine", ["ppc64le", "s390x", "riscv64"])
def test_no_kprobes_where_the_probes_do_not_know_the_registers(
    monkeypatch: pytest.MonkeyPatch, machine: str
) -> None:
    def called(*_: Any) -> int:
        pytest.fail("the kernel was asked")

    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr(bpf, "_syscall", called)
    monkeypatch.setattr(bpf, "_KPROBE_TYPE", Path(__file__).with_name("type"))
    with pytest.raises(OSError, match="not supported"):
        bpf.attach_kprobe(0, "do_exit")
