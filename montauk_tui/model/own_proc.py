"""Whether /proc shows the PID namespace that system calls of this program use.

In a PID namespace that sees the /proc of another (`unshare --pid --fork` without
`--mount-proc`), a PID read there is another process for kill(2).
"""

import os
from pathlib import Path
from typing import Final

_ELSEWHERE: Final = "is that of another PID namespace"


def lack(root: str = "/proc") -> tuple[str, str] | None:
    """Return what is wrong with the /proc at `root`, and the remedy.

    None where /proc is mounted, complete, and of our own PID namespace.
    """
    remedy = f"mount it: mount -t proc proc {root}"
    if not os.access(f"{root}/stat", os.R_OK):
        # Empty, or mounted with subset=pid.
        return f"no {root}/stat", remedy
    if is_foreign(root):
        return f"{root} {_ELSEWHERE}", f"{remedy} (unshare --mount-proc)"
    return None


def is_foreign(root: str = "/proc") -> bool:
    """Tell whether the PIDs below `root` differ from those of system calls."""
    own = str(os.getpid())
    try:
        if os.readlink(f"{root}/self") != own:  # noqa: PTH115
            return True
        text = Path(root, "self/status").read_bytes()
    except OSError:
        # A process has no /proc/self in the /proc of a namespace below its own.
        return True
    # Our PID in each namespace, from that of this /proc inwards: it may be the same in
    # two of them by chance.
    pids = [line.split()[1:] for line in text.splitlines() if line[:6] == b"NSpid:"]
    return bool(pids) and pids[0] != [own.encode()]
