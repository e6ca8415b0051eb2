"""Why the probes cannot be loaded: one line with the remedy, and nothing is left."""

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from montauk_tui.collectors.kernel import loader
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.errors import CollectorUnavailable
from montauk_tui.resources import folder
from tests.collectors.kernel.support import children_of, fake_python, load, open_files


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


def test_it_is_started_with_nothing_of_the_callers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    said = refusal(fake_python(tmp_path, "env | sort | tr '\\n' ' '; pwd; exit 1"))
    assert "PATH=" in said.reason
    for name in ("CPATH", "HOME", "TMPDIR", "PYTHON", "BCC"):
        assert f"{name}=" not in said.reason.replace(" PATH=", " ")
    assert f"PWD={folder('probes')} " in said.reason


@pytest.mark.parametrize(
    ("script", "how"),
    [
        ("exit 1", "exited with 1"),
        ("exit 0", "exited with 0"),
        ("kill -KILL $$", "killed by SIGKILL"),
    ],
)
def test_a_loader_that_ends_half_way(tmp_path: Path, script: str, how: str) -> None:
    assert how in refusal(fake_python(tmp_path, script)).reason


DEAF: Final = """
import signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
from montauk_tui import cli
from montauk_tui.collectors.kernel import loader
loader.interpreter = lambda *_: sys.argv[1]
sys.exit(cli.main(["--collector=kernel", "--collector-info"]))
"""


@pytest.mark.privileged
def test_how_it_ended_is_known_where_ends_of_children_were_ignored(
    tmp_path: Path,
) -> None:
    python = fake_python(tmp_path, "exit 7")
    done = subprocess.run(
        [sys.executable, "-c", DEAF, str(python)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "exited with 7" in done.stdout


def test_what_a_loader_complains_of_is_told(tmp_path: Path) -> None:
    script = "echo hello; echo 'fatal error: no \033[1mstruct\033[0m' >&2; exit 1"
    said = refusal(fake_python(tmp_path, script))
    assert "fatal error: no " in said.reason
    assert "hello" not in said.reason


def test_a_lot_of_complaints_does_not_stop_it(tmp_path: Path) -> None:
    script = "yes nothing | head -c 1000000; echo error: at last; exit 1"
    assert "(error: at last)" in refusal(fake_python(tmp_path, script)).reason


@pytest.mark.parametrize(
    "answer",
    [b"garbage", b"{", b"[]", b"{}", b"7", b'"text"', b'{"names": ["lives"]}', b"\377"],
)
def test_a_loader_that_answers_nonsense(tmp_path: Path, answer: bytes) -> None:
    # The kernel drops what a socket sent that closes with something unread.
    write = "import os, sys; fd = int(sys.argv[1]); os.read(fd, 1 << 16); "
    write += "os.write(fd, bytes.fromhex(sys.argv[2]))"
    script = f"""exec {sys.executable} -c '{write}' "$4" {answer.hex()}"""
    assert "gave an invalid answer" in refusal(fake_python(tmp_path, script)).reason


def test_an_interpreter_that_is_not_there(tmp_path: Path) -> None:
    refusal(tmp_path / "python3")


def test_an_interpreter_that_cannot_be_run(tmp_path: Path) -> None:
    (tmp_path / "python3").write_bytes(b"\x7fELF nonsense")
    (tmp_path / "python3").chmod(0o755)
    refusal(tmp_path / "python3")


def test_an_interpreter_without_bcc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "PACKAGES", ())
    monkeypatch.setattr(loader, "CACHE", "")
    if not os.access("/sys/kernel/btf/vmlinux", os.R_OK):
        pytest.skip("this kernel has no BTF, which is looked for before BCC")
    assert "bcc cannot be imported" in refusal(sys.executable).reason


def test_no_interpreter_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "interpreter", lambda: None)
    said = refusal(None)
    assert (said.reason, said.remedy) == loader.NO_BCC


def probes_but(where: Path, name: str, text: str) -> None:
    """Write the probes, one file with another text."""
    for path in folder("probes").iterdir():
        if path.name != name:
            (where / path.name).symlink_to(path)
    (where / name).write_text(text)


@pytest.mark.privileged
def test_probes_that_do_not_compile(tmp_path: Path) -> None:
    probes_but(tmp_path, "forks.c", "int broken( { return nonsense; }\n")
    said = refusal(None, tmp_path)
    assert "cannot compile" in said.reason
    assert "error:" in said.reason, "what the compiler says"


@pytest.mark.privileged
def test_probes_that_the_kernel_refuses(tmp_path: Path) -> None:
    probes = folder("probes")
    text = (probes / "lives.c").read_text()
    marker = "int exec_tracepoint(u64 *ctx)\n{"
    assert marker in text
    # An address that a program may not write to.
    broken = text.replace(marker, f"{marker} u64 *wild = (u64 *)ctx[0]; *wild = 1;")
    probes_but(tmp_path, "lives.c", broken)
    said = refusal(None, tmp_path)
    assert "exec_tracepoint" in said.reason


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
