"""Who may read loaded probes: one group, everybody, or root alone."""

import grp
import os
import stat
from typing import Final, NamedTuple

from montauk_tui.errors import MontaukError
from montauk_tui.model.text import quoted
from montauk_tui.trust import ROOT

GROUP: Final = "montauk"
"""The group that reads them by default, where there is one."""

_MOST_GID: Final = 0xFFFFFFFE
"""The next number means none."""

Access = tuple[int, int]
"""The group and the mode of a folder."""


class Readers(NamedTuple):
    """Who may read the probes."""

    gid: int = ROOT
    """A group; root's: nobody else."""
    everybody: bool = False

    def mode(self, mode: int) -> int:
        """Return a mode for owner and group, narrowed or widened to the readers."""
        if self.everybody:
            return mode | (mode >> 3 & 0o007)
        return mode if self.gid != ROOT else mode & 0o700


def readers_of(group: str | None, *, everybody: bool = False) -> Readers:
    """Return the readers that a user asks for; without a group the default ones.

    Args:
        group: Its name or number.
        everybody: Every user.

    Raises:
        MontaukError: There is no such group.
    """
    if everybody:
        return Readers(everybody=True)
    name = GROUP if group is None else group
    try:
        if name.isascii() and name.isdigit() and int(name) <= _MOST_GID:
            return Readers(int(name))
        return Readers(grp.getgrnam(name).gr_gid)
    except (KeyError, ValueError):
        if group is None:
            return Readers()
    remedy = f"create one: sudo groupadd --system {GROUP}"
    raise MontaukError(f"no group is called {quoted(name)}", remedy)


def access(descriptor: int) -> Access:
    """Return the group and the mode of an open folder."""
    found = os.fstat(descriptor)
    return found.st_gid, stat.S_IMODE(found.st_mode)


def let_in(readers: Readers, before: Access, place: str) -> Access:
    """Return the access to the folder above with which the readers get to theirs.

    systemd mounts it for root only. A group that may search it sees no name in it.

    Raises:
        MontaukError: Another group has it.
    """
    gid, mode = before
    if readers.everybody:
        return gid, mode | 0o001
    if readers.gid == ROOT or mode & 0o001:
        return before
    if gid == readers.gid or (gid == ROOT and not mode & 0o070):
        return readers.gid, mode | 0o010
    reason = f"the readers may not search {place}, which is for another group"
    raise MontaukError(reason, f"let everybody search it: sudo chmod o+x {place}")
