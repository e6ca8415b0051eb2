"""A small HTTP server: GET /metrics, one answer for each connection, one thread.

What a client may cost is bounded: the size of its request, how long it takes to send it
and to read the answer, and the number of connections. It gets a text that exists
already, so a scrape costs no more than sending it.
"""

import re
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from montauk_tui.export.metrics.text import OPEN, PLAIN, Text

_MOST_CONNECTIONS: Final = 32
_MOST_BYTES: Final = 8_192
"""Of a request."""

_REQUEST_S: Final = 5.0
_ANSWER_S: Final = 10.0
_LINGER_S: Final = 2.0
"""How long a client may take to send its request, read the answer, and close."""

_PAUSE_S: Final = 0.1
"""After no connection could be accepted."""

_PATH: Final = b"/metrics"
_OPEN_METRICS: Final = b"application/openmetrics-text"
_REQUEST: Final = re.compile(rb"([A-Z]{1,20}) ([!-~]{1,4096}) HTTP/1\.[0-9]\r?\n")
_ACCEPT: Final = re.compile(rb"^accept:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_END: Final = re.compile(rb"\r?\n\r?\n")
_ALLOW: Final = "Allow: GET\r\n"

Parts = list[memoryview]


def answer(request: bytes, text: Text | None) -> tuple[bytes, bytes]:
    """Return head and body of the answer to a request.

    Args:
        request: As far as the end of its head, or more than may be sent.
        text: What there is; None before the first sample.
    """
    refusal = _refused(request)
    if refusal is not None:
        return refusal
    if text is None:
        return _refusal(
            "503 Service Unavailable", "no sample yet", "Retry-After: 1\r\n"
        )
    accept = _ACCEPT.search(request)
    if accept and _OPEN_METRICS in accept[1].lower():
        return _head("200 OK", OPEN, len(text.open)), text.open
    return _head("200 OK", PLAIN, len(text.plain)), text.plain


def _refused(request: bytes) -> tuple[bytes, bytes] | None:
    """Return the answer to a request that is not for the metrics, else None."""
    if len(request) > _MOST_BYTES:
        return _refusal("431 Request Header Fields Too Large", "too large")
    found = _REQUEST.match(request)
    if found is None:
        return _refusal("400 Bad Request", "this is not HTTP")
    method, target = found.groups()
    if method != b"GET":
        return _refusal("405 Method Not Allowed", "only GET", _ALLOW)
    if target.partition(b"?")[0] != _PATH:
        return _refusal("404 Not Found", "metrics are at /metrics")
    return None


def _refusal(status: str, why: str, more: str = "") -> tuple[bytes, bytes]:
    body = f"{why}\n".encode()
    return _head(status, "text/plain; charset=utf-8", len(body), more), body


def _head(status: str, kind: str, length: int, more: str = "") -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n"
        f"{more}X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    ).encode("ascii")


class _Connection:
    """A client: it sends a request, reads the answer, and closes."""

    def __init__(self, client: socket.socket, now_s: float) -> None:
        self.socket = client
        self.due_s = now_s + _REQUEST_S
        self.request = bytearray()
        self.left: Parts = []
        self.waits_for = selectors.EVENT_READ
        self.is_read = False
        """Whether there was no more than the head of a request."""
        self.is_answered = False

    def send(self) -> None:
        """Send what the socket takes.

        Raises:
            OSError: The client has closed it.
        """
        sent = self.socket.sendmsg(self.left)
        while self.left and sent >= len(self.left[0]):
            sent -= len(self.left.pop(0))
        if self.left:
            self.left[0] = self.left[0][sent:]


class Server:
    """Answers clients of a listening socket until it is stopped."""

    def __init__(
        self,
        listener: socket.socket,
        text: Callable[[], Text | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            listener: A socket that listens.
            text: Returns what to answer.
            clock: The time in seconds.
        """
        self._listener = listener
        self._text = text
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._connections: dict[socket.socket, _Connection] = {}
        self._accepts_s = 0.0
        """When connections are accepted again."""
        listener.settimeout(0)
        self._selector.register(listener, selectors.EVENT_READ)

    @property
    def connections(self) -> int:
        """How many there are."""
        return len(self._connections)

    def run(self, stop: int, is_stopped: Callable[[], bool]) -> None:
        """Answer until `is_stopped`; the descriptor `stop` becomes readable then."""
        self._selector.register(stop, selectors.EVENT_READ)
        try:
            while not is_stopped():
                self.step(self._wait_s())
        finally:
            for connection in [*self._connections.values()]:
                self._close(connection)
            self._selector.close()

    def _wait_s(self) -> float | None:
        dues = [one.due_s for one in self._connections.values()]
        if self._accepts_s:
            dues.append(self._accepts_s)
        return max(0.0, min(dues) - self._clock()) if dues else None

    def step(self, wait_s: float | None) -> None:
        """Wait for clients and do what they are ready for."""
        for key, _ in self._selector.select(wait_s):
            if key.fileobj is self._listener:
                self._accept()
            # One before may have been closed to make room.
            elif key.fileobj in self._connections:
                self._serve(key.data)
        now_s = self._clock()
        for connection in [*self._connections.values()]:
            if now_s >= connection.due_s:
                self._close(connection)
        if self._accepts_s and now_s >= self._accepts_s:
            self._accepts_s = 0.0
            self._selector.register(self._listener, selectors.EVENT_READ)

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError:
            # No descriptor is free: the client waits.
            self._selector.unregister(self._listener)
            self._accepts_s = self._clock() + _PAUSE_S
            return
        client.settimeout(0)
        if len(self._connections) >= _MOST_CONNECTIONS:
            self._close(next(iter(self._connections.values())))
        connection = _Connection(client, self._clock())
        self._connections[client] = connection
        self._selector.register(client, selectors.EVENT_READ, connection)
        # Most requests are there already.
        self._serve(connection)

    def _serve(self, connection: _Connection) -> None:
        try:
            if connection.left:
                self._send_on(connection)
            elif not self._read(connection):
                self._close(connection)
        except BlockingIOError:
            return
        except OSError:
            self._close(connection)

    def _read(self, connection: _Connection) -> bool:
        """Read from a client; tell whether it is still there."""
        data = connection.socket.recv(_MOST_BYTES)
        if not data or connection.is_answered:
            return bool(data)
        connection.request += data
        end = _END.search(connection.request)
        if end or len(connection.request) > _MOST_BYTES:
            connection.is_read = end is not None and end.end() == len(
                connection.request
            )
            both = answer(bytes(connection.request), self._text())
            connection.left = [memoryview(part) for part in both]
            connection.due_s = self._clock() + _ANSWER_S
            self._send_on(connection)
        return True

    def _send_on(self, connection: _Connection) -> None:
        with suppress(BlockingIOError):
            connection.send()
        wanted = selectors.EVENT_WRITE if connection.left else selectors.EVENT_READ
        if wanted != connection.waits_for:
            self._selector.modify(connection.socket, wanted, connection)
            connection.waits_for = wanted
        if connection.left:
            return
        if connection.is_read:
            self._close(connection)
            return
        # Closing a socket with data to read would discard what the client has not read.
        connection.is_answered = True
        connection.due_s = self._clock() + _LINGER_S
        connection.socket.shutdown(socket.SHUT_WR)

    def _close(self, connection: _Connection) -> None:
        del self._connections[connection.socket]
        self._selector.unregister(connection.socket)
        connection.socket.close()
