"""What the live tests of the netlink collector share."""

import contextlib
from collections.abc import Iterator

from montauk_tui.collectors.netlink.collector import NetlinkCollector


@contextlib.contextmanager
def opened() -> Iterator[NetlinkCollector]:
    """Open a collector of one's own."""
    collector = NetlinkCollector()
    try:
        collector.open()
        yield collector
    finally:
        collector.close()
