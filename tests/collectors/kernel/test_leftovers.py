"""What remains when it is over: nothing, however it ended."""

import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Final

import pytest

from montauk_tui.collectors import registry
from montauk_tui.collectors.kernel import loader
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.errors import CollectorUnavailable
from montauk_tui.model.schema import Need
from montauk_tui.pipeline.frames import FrameSource
from tests.collectors.kernel.support import (
    children_of,
    fake_python,
    load,
    open_files,
    opened,
)
from tests.support import heritage
from tests.support.bpfobjects import bpf_objects, bpf_objects_of
from tests.support.patience import MOST_S, until
from tests.support.walking import is_there

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


# --- the loader -----------------------------------------------------------------------


def test_a_loader_that_hangs_is_waited_for_until_it_is_given_up(tmp_path: Path) -> None:
    files, children = open_files(), children_of(os.getpid())
    python = fake_python(tmp_path, "exec sleep 1000")
    loading = loader.Loader()
    told: list[float] = []

    def give_up(seconds: float) -> None:
        told.append(seconds)
        loading.give_up()

    for _ in range(2):
        with pytest.raises(CollectorUnavailable, match="given up"):
            loading.load(tmp_path, {}, "auto", python=str(python), on_wait=give_up)
        assert open_files() == files
        assert children_of(os.getpid()) == children
    assert len(told) == 1, "it starts none after that"


def test_an_interrupt_while_it_loads_leaves_nothing(tmp_path: Path) -> None:
    files, children = open_files(), children_of(os.getpid())
    python = fake_python(tmp_path, "exec sleep 1000")

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loader.Loader().load(
            tmp_path, {}, "auto", python=str(python), on_wait=interrupt
        )
    assert open_files() == files
    assert children_of(os.getpid()) == children


STARTER: Final = """
import os, signal, subprocess, sys
for name in ("SIGINT", "SIGQUIT", "SIGHUP", "SIGALRM", "SIGCHLD"):
    signal.signal(getattr(signal, name), signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
command = ["/usr/bin/python3", "-I", "-S", sys.argv[1], sys.argv[2], str(os.getpid())]
process = subprocess.Popen(command, pass_fds=[int(sys.argv[2])], start_new_session=True)
print(process.pid, flush=True)
sys.stdin.read()
"""


def signals_of(pid: int) -> list[int]:
    """Return what a process blocks and ignores (proc_pid_status(5))."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    masks = dict(line.split(":\t", 1) for line in lines)
    return [heritage.named(int(masks[name], 16)) for name in ("SigBlk", "SigIgn")]


def test_the_loader_has_clean_signals_and_ends_with_who_started_it() -> None:
    """However that one ended; here it has not sent a request, so the loader waits."""
    if loader.interpreter() is None:
        pytest.skip("no Python here has BCC")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    script = Path(loader.__file__).with_name("loader_main.py")
    with ours, theirs:
        arguments = [str(script), str(theirs.fileno())]
        with subprocess.Popen(
            [sys.executable, "-c", STARTER, *arguments], pass_fds=[theirs.fileno()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        ) as starter:  # fmt: skip
            assert starter.stdout is not None
            pid = int(starter.stdout.readline())
            # A limit of file sizes is an error to it, as to any Python program.
            ignored = 1 << signal.SIGXFSZ - 1
            until(lambda: signals_of(pid) == [0, ignored], "clean signals")
            os.kill(pid, signal.SIGSTOP)
            starter.kill()
        until(lambda: not is_there(pid), "its end")


def test_it_loads_without_a_folder_for_temporary_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nowhere(*_: object, **__: object) -> None:
        raise FileNotFoundError(2, "No usable temporary directory found")

    for name in ("TemporaryFile", "NamedTemporaryFile", "mkstemp", "gettempdir"):
        monkeypatch.setattr(tempfile, name, nowhere)
    state = KernelCollector().availability()
    if not state.available:
        pytest.skip(f"no kernel collector here: {state.reason}")
    load(None).close()


@pytest.mark.privileged
def test_loading_leaves_descriptors_to_the_caller_only() -> None:
    files, children = open_files(), children_of(os.getpid())
    loaded = load(None)
    assert open_files() == files + len(loaded.descriptors)
    assert children_of(os.getpid()) == children
    assert {"lives", "forks", "finals", "counts", "iterator"} <= set(loaded.descriptors)
    assert {"exec_tracepoint", "hook0"} <= set(loaded.descriptors)
    for descriptor in loaded.descriptors.values():
        assert not os.get_inheritable(descriptor)
    loaded.close()
    assert open_files() == files


# --- a monitor that changes over ------------------------------------------------------


@pytest.mark.privileged
@pytest.mark.parametrize("moment", ["while it loads", "when it has loaded", "in use"])
def test_leaving_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    if moment == "while it loads":
        python = str(fake_python(tmp_path, "exec sleep 1000"))
        monkeypatch.setattr(loader, "interpreter", lambda *_: python)
    files, children = open_files(), children_of(os.getpid())
    plain = registry.open_collector("traditional")
    source = FrameSource(dataclasses.replace(plain, better=("kernel",)))
    upgrading = threading.Thread(target=next, args=(source.upgrades(),), daemon=True)
    upgrading.start()
    if moment == "while it loads":
        until(lambda: children_of(os.getpid()) != children, "the loader")
    else:
        upgrading.join(MOST_S)
    if moment == "in use":
        assert source.next_frame(Need.NONE).collector.name == "kernel"
    source.close()
    upgrading.join(MOST_S)
    assert children_of(os.getpid()) == children
    # Look-ups keep their folder for as long as somebody has them.
    del plain, source, upgrading
    until(lambda: open_files() == files, "the descriptors to be closed")
