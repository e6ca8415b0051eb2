"""What the text of metrics costs, and a scrape of it beside sending as much.

Run as `python -m bench.metrics`: medians.
"""

import socket
import statistics
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Final

import numpy as np

from bench.crowd import crowd
from montauk_tui.collectors.registry import open_collector
from montauk_tui.engine.groups.accounts import Accounts
from montauk_tui.engine.groups.counted import COUNTERS, GAUGES, GroupCounts
from montauk_tui.export.metrics.exporter import Exporter
from montauk_tui.export.metrics.listening import TcpListener
from montauk_tui.export.metrics.names import GROUPS, MACHINE
from montauk_tui.export.metrics.server import Server
from montauk_tui.export.metrics.text import Renderer, Text
from montauk_tui.export.stopping import Stop
from montauk_tui.host.local import LocalHost

_ROUNDS: Final = 200
_SIZES: Final = (20, 170, 200)
"""Groups: 170 and `other` have 2,400 series."""

_PROCESSES: Final = 1_000
_SAMPLES: Final = 20
_INTERVAL_S: Final = 0.1

_GET: Final = b"GET /metrics HTTP/1.1\r\n\r\n"


def _ms(action: Callable[[], object], clock: Callable[[], float]) -> float:
    """Return the median time of an action."""
    times = []
    for _ in range(_ROUNDS):
        started = clock()
        action()
        times.append((clock() - started) * 1e3)
    return statistics.median(times)


def _taking(by: str) -> None:
    """Print what a sample of many processes costs beside its frame."""
    exporter = Exporter(by, {})
    frames, taken = [], []
    with crowd(_PROCESSES), closing(LocalHost(open_collector("traditional"))) as host:
        for number in range(_SAMPLES):
            started = time.thread_time()
            frame = host.next_frame(exporter.needs)
            made = time.thread_time()
            exporter.take(frame, 0)
            taken.append((time.thread_time() - made) * 1e3)
            frames.append((made - started) * 1e3)
            time.sleep(_INTERVAL_S if number else 0)
    print(
        f"{_PROCESSES:,} processes by {by}: sample and frame "
        f"{statistics.median(frames):.1f} ms, groups and text "
        f"{statistics.median(taken):.2f} ms"
    )


def _accounts(groups: int) -> tuple[Accounts, GroupCounts]:
    names = [f"program-{number}" for number in range(groups)]
    draw = np.random.default_rng(1)
    counts = GroupCounts(
        names,
        draw.random((groups + 1, len(COUNTERS))) * 10,
        draw.random((groups + 1, len(GAUGES))) * 1e9,
    )
    return Accounts(), counts


def _rendering(groups: int) -> Text:
    accounts, counts = _accounts(groups)
    machine = {name: 12_345.678 for metric in MACHINE for name in metric.of}
    renderer, now_s = Renderer("program", "0"), 0.0

    def add() -> None:
        nonlocal now_s
        now_s += 1.0
        accounts.add(counts, now_s)

    def render() -> Text:
        return renderer.render(accounts, machine, "kernel")

    add_ms = _ms(add, time.thread_time)
    text = render()
    render_ms = _ms(render, time.thread_time)
    series = text.plain.count(b"\n") - text.plain.count(b"\n# ") - 1
    of_groups = (groups + 1) * sum(len(metric.of) for metric in GROUPS)
    print(
        f"{groups:4} groups, {series:,} series ({of_groups:,} of groups), "
        f"{len(text.plain) / 1024:.0f} KiB: "
        f"adding an interval {add_ms:.2f} ms, both texts {render_ms:.2f} ms"
    )
    return text


def _everything(client: socket.socket) -> int:
    size = 0
    while part := client.recv(1 << 20):
        size += len(part)
    return size


def _scrapes(text: Text) -> None:
    """Print what an answer costs the server, beside a bare one of as many bytes."""
    stop = Stop()
    with closing(TcpListener("127.0.0.1", 0)) as listener, closing(stop):
        address = listener.socket.getsockname()
        server = Server(listener.socket, lambda: text)
        cost = [0.0]

        def serve() -> None:
            started = time.thread_time()
            server.run(stop.descriptor, lambda: stop.is_set)
            cost[0] = time.thread_time() - started

        thread = threading.Thread(target=serve)
        thread.start()
        for _ in range(_ROUNDS):
            with socket.create_connection(address) as client:
                client.sendall(_GET)
                _everything(client)
        stop.set()
        thread.join()
    cost_ms, kib = cost[0] / _ROUNDS * 1e3, len(text.plain) / 1024
    print(
        f"a scrape of {kib:.0f} KiB: {cost_ms:.3f} ms of CPU time; "
        f"only accepting, reading and sending: {_bare(text.plain):.3f} ms"
    )


def _bare(data: bytes) -> float:
    """Return the CPU time of answering a connection without looking at it, in ms."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cost = [0.0]

        def serve() -> None:
            started = time.thread_time()
            for _ in range(_ROUNDS):
                client, _ = listener.accept()
                with client:
                    client.recv(8192)
                    client.sendall(data)
            cost[0] = time.thread_time() - started

        thread = threading.Thread(target=serve)
        thread.start()
        for _ in range(_ROUNDS):
            with socket.create_connection(listener.getsockname()) as client:
                client.sendall(_GET)
                _everything(client)
        thread.join()
    return cost[0] / _ROUNDS * 1e3


def main() -> None:
    """Print a line for each kind of group and each size, and one for scrapes."""
    for by in ("program", "cgroup"):
        _taking(by)
    for groups in _SIZES:
        text = _rendering(groups)
    _scrapes(text)


if __name__ == "__main__":
    main()
