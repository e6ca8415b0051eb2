"""The real program on a recording, in a pty and without a /proc."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support.terminal import Terminal

UNSHARED: Final = ("unshare", "--mount")

PROGRAM: Final = """
import os, subprocess, sys
from montauk_tui.collectors import registry
from montauk_tui.config import Settings
from montauk_tui.host.recorded import RecordedHost
from montauk_tui.host.recording import RecordingHost
from montauk_tui.model.schema import Need
from montauk_tui.ui import app

host = RecordingHost(registry.open_collector("traditional"))
for _ in range(3):
    frame = host.next_frame(Need.NONE)
    table = frame.sample.processes
    own = int(table.pid.searchsorted(os.getpid()))
    frame.lookups.details(table.identity(own))
host.close()
subprocess.run(["umount", "-l", "/proc"], check=True)
assert os.listdir("/proc") == []
settings = Settings(filter=f"pid = {os.getpid()}", interval_s=0.2)
sys.exit(app.run(RecordedHost(host.recording()), settings, [], strict_theme=False))
"""


@pytest.mark.privileged
@pytest.mark.skipif(os.geteuid() != 0, reason="unmounting /proc needs root")
def test_it_runs_where_no_proc_is_mounted(tmp_path: Path) -> None:
    if subprocess.run([*UNSHARED, "true"], check=False).returncode:
        pytest.skip("this container permits no mount namespaces")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    command = [*UNSHARED, sys.executable, str(program), "its-own-argument"]
    with Terminal(command, size=(240, 40)) as terminal:
        terminal.until_shown("F10 Quit", "its-own-argument", "sample 3 of 3")
        terminal.type("\r")
        terminal.until_shown("Working folder", str(Path.cwd()))
        terminal.type("e")
        terminal.until_shown("Environment", "as the program was started")
        terminal.type("l")
        terminal.until_shown("Open files")
        terminal.type("q")
        terminal.until_shown("F10 Quit")
        terminal.type("k")
        terminal.until_shown("this is a recording: its processes cannot be changed")
        terminal.type("q")
        assert terminal.exit_code() == 0
        assert terminal.is_restored
