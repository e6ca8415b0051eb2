"""Sleeping until a log of the probes fills up.

The probes write into a ring buffer whenever another eighth of the slots of a CPU is
filled (`wake_readers` in probes/base.h). poll(2) reports it as readable until its
consumer position is its producer position (kernel/bpf/ringbuf.c).
"""

import mmap
import os
import select

import numpy as np


class Wakes:
    """Wakes one thread: for a log that fills up, or to end."""

    def __init__(self, descriptor: int) -> None:
        """Map the positions of the ring buffer.

        Raises:
            OSError: The kernel refuses.
        """
        # The first page is the reader's, the second the kernel's.
        self._pages = [
            mmap.mmap(descriptor, mmap.PAGESIZE, mmap.MAP_SHARED, access, offset=at)
            for access, at in (
                (mmap.PROT_READ | mmap.PROT_WRITE, 0),
                (mmap.PROT_READ, mmap.PAGESIZE),
            )
        ]
        self._ending = os.eventfd(0, os.EFD_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._poll.register(self._ending, select.POLLIN)

    def wait(self) -> bool:
        """Sleep until a log fills up, or until `end`; tell whether to go on."""
        ready = dict(self._poll.poll())
        consumed, produced = (np.frombuffer(page, np.uint64, 1) for page in self._pages)
        consumed[0] = produced[0]
        return self._ending not in ready

    def end(self) -> None:
        """Let `wait` return for good."""
        os.eventfd_write(self._ending, 1)

    def close(self) -> None:
        """Unmap."""
        for page in self._pages:
            page.close()
        os.close(self._ending)
