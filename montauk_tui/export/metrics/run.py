"""`montauk exporter`: samples in one thread, answers or a file in the other."""

import select
import time
from collections.abc import Callable
from contextlib import closing
from typing import Final

from montauk_tui.errors import MontaukError
from montauk_tui.export.metrics.exporter import Exporter
from montauk_tui.export.metrics.listening import Listener
from montauk_tui.export.metrics.server import Server
from montauk_tui.export.metrics.textfile import TextFile
from montauk_tui.export.stopping import Stop
from montauk_tui.host.local import LocalHost
from montauk_tui.pipeline.sampler import Sampler

_FILE_S: Final = 5.0
"""A file is written so often at most; node_exporter is asked every 15 s or more."""

Serve = Callable[[Exporter, Stop], None]


def export(
    host: LocalHost, exporter: Exporter, interval_s: float, serve: Serve
) -> None:
    """Take samples and serve their text until a signal stops it.

    Args:
        host: This machine; it is closed.
        exporter: What makes the text.
        interval_s: Time between samples.
        serve: Serves until it is stopped.

    Raises:
        MontaukError: Nothing can be sampled any more.
    """
    failures: list[MontaukError] = []

    with closing(Stop()) as stop, stop.on_signals():

        def fail(error: MontaukError) -> None:
            failures.append(error)
            stop.set()

        host.record = exporter.take
        sampler = Sampler(host, interval_s, lambda _frame: None, fail)
        sampler.configure(needs=exporter.needs)
        sampler.start()
        try:
            serve(exporter, stop)
        finally:
            sampler.stop()
    if failures:
        raise failures[0]


def answering(listener: Listener) -> Serve:
    """Return what answers the clients of a listener."""

    def serve(exporter: Exporter, stop: Stop) -> None:
        server = Server(listener.socket, lambda: exporter.text)
        server.run(stop.descriptor, lambda: stop.is_set)

    return serve


def writing(file: TextFile, every_s: float = _FILE_S) -> Serve:
    """Return what writes a file whenever there is a new sample."""

    def serve(exporter: Exporter, stop: Stop) -> None:
        poll = select.poll()
        poll.register(stop.descriptor, select.POLLIN)
        last = None
        while not stop.is_set:
            text = exporter.text
            if text is not None and text is not last:
                last = text
                file.write(text.plain)
                due_s = time.monotonic() + every_s
            else:
                due_s = time.monotonic() + min(every_s, 0.1)
            poll.poll(max(0.0, due_s - time.monotonic()) * 1000)

    return serve
