"""What /proc shows here of the processes of other users (mount option hidepid)."""

import re
from pathlib import Path

import pytest

_HIDING = re.compile(r"hidepid=(?!0\b|off\b)\w+")


def hides_others(mountinfo: str) -> bool:
    """Tell whether /proc hides what belongs to others (proc(5)).

    Args:
        mountinfo: The text of /proc/self/mountinfo. The last mount on /proc counts.
    """
    mounts = [line for line in mountinfo.splitlines() if line.split()[4:5] == ["/proc"]]
    return bool(mounts and _HIDING.search(mounts[-1].partition(" - ")[2]))


others_are_seen = pytest.mark.skipif(
    hides_others(Path("/proc/self/mountinfo").read_text("utf-8", "replace")),
    reason="/proc hides the processes of other users here (hidepid)",
)
