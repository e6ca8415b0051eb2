"""Records as they are in the reader's pid namespace.

The probes record pids of the initial namespace, and of the namespaces below it where a
process has some: the same log serves readers in any of them.
"""

from typing import Final

import numpy as np

from montauk_tui.collectors.kernel.log import Records
from montauk_tui.collectors.namespaces import INITIAL

INITIAL_PID: Final = INITIAL["pid"]


def own_records(records: Records, namespace: int) -> Records:
    """Return the records of the processes in a pid namespace, with their pids there.

    Args:
        records: With `ns`, and with `ns_` before the name of each pid.
        namespace: Its inode.
    """
    if namespace == INITIAL_PID or not len(records):
        return records
    is_own = records["ns"] == namespace
    own: Records = records.compress(is_own.any(axis=1))
    level = is_own.argmax(axis=1)[is_own.any(axis=1)]
    rows = np.arange(len(own))
    names = own.dtype.names or ()
    for name in names:
        if f"ns_{name}" in names:
            own[name] = own[f"ns_{name}"][rows, level]
    return own
