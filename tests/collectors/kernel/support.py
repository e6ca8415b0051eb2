"""What the tests of the kernel collector share."""

import contextlib
from collections.abc import Iterator

from montauk_tui.collectors.kernel.collector import KernelCollector


@contextlib.contextmanager
def opened() -> Iterator[KernelCollector]:
    """Open a collector of one's own."""
    collector = KernelCollector()
    try:
        collector.open()
        yield collector
    finally:
        collector.close()
