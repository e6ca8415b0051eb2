"""The program file of each exec and of each exit."""

import os
from pathlib import Path

import numpy as np
import pytest

from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.model.schema import Need
from montauk_tui.model.starts import EXEC
from tests.support.lives import wait
from tests.support.patience import until

pytestmark = pytest.mark.privileged


def files_of(collector: KernelCollector, pid: int) -> tuple[list[bytes], bytes]:
    """Return the program files of the execs of a process, and that of its exit."""
    execs: list[bytes] = []
    exited: list[bytes] = []

    def has_exited() -> bool:
        sample = collector.sample(Need.NONE)
        assert sample.starts is not None
        assert sample.exits is not None
        order = np.argsort(sample.starts.time_ns)
        starts = sample.starts.only(order)
        of_it = (starts.pid == pid) & (starts.kind == EXEC)
        execs.extend(starts.exe[of_it].tolist())
        exited.extend(sample.exits.exe[sample.exits.pid == pid].tolist())
        return bool(exited)

    until(has_exited, "its exit")
    return execs, exited[0]


def test_whatever_the_program_calls_itself(collector: KernelCollector) -> None:
    pid = os.posix_spawn("/bin/true", ["something else"], {})
    wait(pid)
    assert files_of(collector, pid) == ([b"/bin/true"], b"/bin/true")


def test_a_script_is_the_file_not_its_interpreter(
    collector: KernelCollector, tmp_path: Path
) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\nexec /bin/true\n")
    script.chmod(0o700)
    pid = os.posix_spawn(script, ["x"], {})
    wait(pid)
    name = os.fsencode(script)
    assert files_of(collector, pid) == ([name, b"/bin/true"], b"/bin/true")


def test_a_long_path_is_cut(collector: KernelCollector, tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    program = folder / "true"
    program.symlink_to("/bin/true")
    pid = os.posix_spawn(program, ["true"], {})
    wait(pid)
    cut = os.fsencode(program)[:127]
    assert files_of(collector, pid) == ([cut], cut)


def test_a_process_without_an_exec_has_none(collector: KernelCollector) -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    wait(pid)
    assert files_of(collector, pid) == ([], b"")
