"""Which exited processes were kernel threads, inferred from their parent."""

from typing import Final

import numpy as np

from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import PF_KTHREAD, Bools, Ints

_KTHREADD: Final = 2
"""The parent of kernel threads; in a pid namespace it is a process like others."""


def kernel_flags(table: ProcessTable, ppid: Ints, ran_a_program: Bools) -> Ints:
    """Return PF_KTHREAD for children of kthreadd that ran no program, else 0.

    The kernel's helpers such as modprobe(8) have that parent too, but run a program
    (call_usermodehelper_exec_work in kernel/umh.c).

    Args:
        table: With the living.
        ppid: A parent each.
        ran_a_program: By what had a parent.
    """
    flags: Ints = np.zeros(len(ppid), dtype=np.int64)
    is_child = ppid == _KTHREADD
    if is_child.any():
        at = table.row_of_pid(_KTHREADD)
        is_there = at is not None and table.ppid[at] == 0
        flags[is_child & ~ran_a_program & is_there] = PF_KTHREAD
    return flags
