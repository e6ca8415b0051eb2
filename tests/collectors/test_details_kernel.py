"""The closer look at a process: limits of its cgroup, and masks with names."""

from pathlib import Path

from montauk_tui.collectors.procfs.details import cgroup as cgroup_module
from montauk_tui.collectors.procfs.details.kernel import capability_names, signal_names
from montauk_tui.collectors.procfs.details.subject import ProcessFolder, read_subject
from montauk_tui.model.details import Amount
from montauk_tui.model.sample import Identity
from tests.support.fakeproc import FakeProc, FakeProcess
from tests.support.looking import add_looked_into as add


def test_limits_of_a_cgroup_are_compared_with_its_use(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    folder = add(proc, FakeProcess(7))
    (folder / "cgroup").write_bytes(b"3:cpu:/old\n0::/a.slice\n")
    mount = tmp_path / "cgroup"
    (mount / "a.slice").mkdir(parents=True)
    (mount / "cgroup.controllers").touch()
    contents = {
        "memory.current": "1024\n", "memory.max": "4096\n", "memory.high": "max\n",
        "memory.events": "low 0\noom_kill 2\n", "pids.current": "3\n",
        "pids.max": "max\n", "cpu.max": "50000 100000\n",
        "cpu.stat": "usage_usec 5\nnr_periods 10\nnr_throttled 5\nthrottled_usec 9\n",
    }  # fmt: skip
    for name, content in contents.items():
        (mount / "a.slice" / name).write_text(content)
    with ProcessFolder(proc.root, 7) as opened:
        subject = read_subject(opened, Identity(7, 1000), proc.root, str)
        assert subject is not None
        section = cgroup_module.cgroup(subject, (str(mount),))
    found = {one.label: one for one in section.data}
    assert found["Path"].value == "/a.slice"
    assert found["v1 cpu"].value == "/old"
    memory = found["Memory"].value
    assert isinstance(memory, Amount)
    assert (memory.number, memory.limit) == (1024, 4096)
    assert found["CPU limit"].value == "0.50 cores"
    assert found["Throttled"].notable
    assert found["Killed for memory"].notable
    assert "controller" in found["Swap"].reason


def test_masks_are_named() -> None:
    assert capability_names(0) == "none"
    assert capability_names((1 << 128) - 1) == "all"
    assert capability_names(1 << 21) == "sys_admin"
    assert capability_names(((1 << 128) - 1) ^ 1) == "all but chown"
    assert signal_names(0) == "none"
    assert signal_names(0b11) == "HUP INT"
    assert signal_names(1 << 33) == "RTMIN"
    assert signal_names(1 << 31) == "RTMIN-2"
