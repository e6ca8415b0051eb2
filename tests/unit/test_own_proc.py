"""A /proc that is missing, incomplete, or of another PID namespace."""

import os
from pathlib import Path

import pytest

from montauk_tui.model.own_proc import is_foreign, lack


def proc_of(root: Path, pid: int, status: str | None = "") -> str:
    """Return a /proc in which this process has a PID."""
    (root / "stat").write_text("cpu 1\n")
    (root / str(pid)).mkdir()
    (root / "self").symlink_to(str(pid))
    if status is not None:
        (root / "self" / "status").write_text(status)
    return str(root)


def test_a_missing_proc_is_to_be_mounted(tmp_path: Path) -> None:
    assert lack(str(tmp_path)) == (
        f"no {tmp_path}/stat",
        f"mount it: mount -t proc proc {tmp_path}",
    )


def test_our_own_proc_lacks_nothing(tmp_path: Path) -> None:
    root = proc_of(tmp_path, os.getpid(), f"Name:\tx\nNSpid:\t{os.getpid()}\n")
    assert lack(root) is None


@pytest.mark.parametrize("status", [f"NSpid:\t9\t{os.getpid()}\n", None])
def test_the_same_pid_in_another_namespace_is_not_ours(
    tmp_path: Path, status: str | None
) -> None:
    assert is_foreign(proc_of(tmp_path, os.getpid(), status))


def test_a_proc_with_another_pid_for_us_is_foreign(tmp_path: Path) -> None:
    root = proc_of(tmp_path, os.getpid() + 1)
    assert is_foreign(root)
    reason, remedy = lack(root) or ("", "")
    assert reason.startswith(f"{root} ")
    assert remedy.endswith("(unshare --mount-proc)")


def test_a_kernel_without_the_pid_of_each_namespace_is_believed(tmp_path: Path) -> None:
    assert not is_foreign(proc_of(tmp_path, os.getpid(), "Name:\tx\n"))
