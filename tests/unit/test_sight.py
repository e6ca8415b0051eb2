"""Mounts of /proc that hide the processes of others, as the kernel lists them."""

import pytest

from tests.support.sight import hides_others

OUTER = "22 29 0:21 / /proc rw,nosuid shared:13 - proc proc rw"


@pytest.mark.parametrize(
    ("options", "hides"),
    [
        ("rw", False),
        ("rw,hidepid=0", False),
        ("rw,hidepid=off", False),
        ("rw,hidepid=2", True),
        ("rw,gid=4,hidepid=invisible", True),
        ("rw,hidepid=noaccess,subset=pid", True),
        ("rw,hidepid=ptraceable", True),
    ],
)
def test_options(options: str, *, hides: bool) -> None:
    assert hides_others(f"40 29 0:50 / /proc rw - proc proc {options}\n") is hides


def test_the_mount_on_top_counts() -> None:
    hidden = "40 22 0:50 / /proc rw - proc proc rw,hidepid=2"
    elsewhere = "41 29 0:51 / /mnt/proc rw - proc proc rw,hidepid=2"
    assert hides_others(f"{OUTER}\n{hidden}\n")
    assert not hides_others(f"{hidden}\n{OUTER}\n{elsewhere}\n")
