"""A made-up process with the files that a closer look reads."""

from pathlib import Path

from tests.support.fakeproc import FakeProc, FakeProcess

STATUS = (
    b"Name:\tworker\nUid:\t1\t2\t2\t2\nGid:\t0\t0\t0\t0\nGroups:\t4 5 \n"
    b"VmRSS:\t    1000 kB\nSigQ:\t3/100\nNSpid:\t7\t2\n"
    b"CapEff:\t0000000000000003\nShdPnd:\t0000000000000001\n"
)


def add_looked_into(proc: FakeProc, process: FakeProcess) -> Path:
    """Add a process with the files of a closer look."""
    proc.add(process)
    folder = proc.path / str(process.pid)
    for name in ("fd", "ns", "fdinfo", "net"):
        (folder / name).mkdir()
    (folder / "status").write_bytes(STATUS)
    (folder / "fd" / "3").symlink_to("socket:[77]")
    (folder / "fdinfo" / "3").write_bytes(b"pos:\t0\nflags:\t02\n")
    (folder / "exe").symlink_to("/opt/worker (deleted)")
    return folder
