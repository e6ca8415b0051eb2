"""CPU time by SQL, by the report and by the kernel, of a load that nobody made up."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from montauk_tui.collectors import registry
from montauk_tui.export.fleet.asking import ask
from montauk_tui.host.local import LocalHost
from montauk_tui.model.schema import Need
from montauk_tui.recorder.folder import Folder
from montauk_tui.recorder.writer import Writer
from tests.collectors.conftest import load_available
from tests.support.cgroups import own_group
from tests.support.patience import Patience
from tests.support.recordings import PLENTY, report_on

LOAD = """
import os, sys
os.write(1, b"up")
sys.stdin.readline()
for number in range(60):
    if os.fork() == 0:
        sum(range(400_000))
        os._exit(0)
    os.wait()
    sum(range(400_000))
os.write(1, b"done")
sys.stdin.readline()
"""
"""Half of its time is that of children that live for 20 ms."""


@pytest.fixture
def group() -> Iterator[Path]:
    if os.geteuid():
        pytest.skip("only root can make cgroups")
    with contextlib.ExitStack() as stack:
        try:
            yield stack.enter_context(own_group())
        except OSError as error:
            pytest.skip(f"no cgroup can be made here: {error}")


def used_s(group: Path) -> float:
    """Return what the kernel charged a cgroup."""
    lines = (line.split() for line in (group / "cpu.stat").read_text().splitlines())
    return next(int(line[1]) for line in lines if line[0] == "usage_usec") / 1e6


def record_load(folder: Path, group: Path) -> float:
    """Record a load in a cgroup; return what the kernel charged for it."""
    collector = load_available("kernel")
    collector.open()
    opened = registry.Opened(collector, ())
    with (
        closing(LocalHost(opened)) as host,
        closing(Writer(Folder.made(folder), PLENTY)) as writer,
    ):
        host.record = writer.take
        with subprocess.Popen(
            [sys.executable, "-c", LOAD],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        ) as load:  # fmt: skip
            assert load.stdin is not None
            assert load.stdout is not None
            (group / "cgroup.procs").write_text(str(load.pid))
            assert load.stdout.read(2) == b"up"
            before_s = used_s(group)
            host.next_frame(Need.NONE)
            load.stdin.write(b"go\n")
            load.stdin.flush()
            os.set_blocking(load.stdout.fileno(), False)
            patience, is_done = Patience(calm_s=60.0), False
            while not is_done:
                assert not patience.is_over()
                host.next_frame(Need.NONE)
                is_done = load.stdout.read() == b"done"
            # Exits are complete when their last thread has left its CPU.
            while (frame := host.next_frame(Need.NONE)).sample.ending is not None:
                if not len(frame.sample.ending):
                    break
                assert not patience.is_over()
            host.next_frame(Need.NONE)
            charged_s = used_s(group) - before_s
            load.kill()
    return charged_s


def test_seconds_by_sql_are_those_of_the_report_and_of_the_kernel(
    tmp_path: Path, group: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    charged_s = record_load(tmp_path / "it", group)
    _, groups = report_on(tmp_path / "it", "cgroup")
    parts = " union all ".join(
        f"select cpu_s from {table} where cgroup = '/{group.name}'"  # noqa: S608
        for table in ("samples", "exits")
    )
    ask(f"select sum(cpu_s) as s from ({parts})", [tmp_path / "it"], "json")  # noqa: S608
    by_sql_s = json.loads(capsys.readouterr().out)["s"]
    by_report_s = groups[f"/{group.name}"].cpu_s
    assert by_sql_s == pytest.approx(by_report_s, rel=0.005)
    assert by_sql_s == pytest.approx(charged_s, rel=0.005)
