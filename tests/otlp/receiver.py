"""A receiver of logs that answers as it is asked, and reads by the official protos."""

import gzip
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from tests.support.patience import MOST_S

JSON = "application/json"
PROTOBUF = "application/x-protobuf"


class Answer(NamedTuple):
    """What the receiver answers to a request."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    never: bool = False
    """Whether it answers nothing, until the test ends."""


def html(status: int, *headers: tuple[str, str]) -> Answer:
    kind = ("Content-Type", "text/html")
    return Answer(status, b"<html>\x1b[31mno</html>", (kind, *headers))


class Request(NamedTuple):
    """What came."""

    path: str
    headers: dict[str, str]
    message: ExportLogsServiceRequest


FINE = Answer(200, b"{}", (("Content-Type", JSON),))


class Receiver:
    """Answers requests in their order, then all others with success."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []
        """Those that it took."""
        self.asked = 0
        self.over = threading.Event()

    @property
    def records(self) -> list[LogRecord]:
        return [
            record
            for request in self.requests
            for logs in request.message.resource_logs
            for scope in logs.scope_logs
            for record in scope.log_records
        ]

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        data = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.asked += 1
        answer = self.answers.pop(0) if self.answers else FINE
        kind = handler.headers["Content-Type"]
        if answer is FINE and kind == PROTOBUF:
            answer = Answer(200, b"", (("Content-Type", PROTOBUF),))
        if answer.never:
            self.over.wait(MOST_S)
            handler.close_connection = True
            return
        if answer.status == 200:
            headers = {name.lower(): it for name, it in handler.headers.items()}
            self.requests.append(Request(handler.path, headers, decoded(kind, data)))
        handler.send_response(answer.status)
        for name, value in answer.headers:
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(answer.body)))
        handler.end_headers()
        handler.wfile.write(answer.body)


def decoded(kind: str, data: bytes) -> ExportLogsServiceRequest:
    """Return the message of a request; an unknown field is an error."""
    raw = gzip.decompress(data)
    if kind == PROTOBUF:
        return ExportLogsServiceRequest.FromString(raw)
    assert kind == JSON
    json.loads(raw)
    return json_format.Parse(raw, ExportLogsServiceRequest())


@contextmanager
def receiving(
    receiver: Receiver, context: ssl.SSLContext | None = None, port: int = 0
) -> Iterator[str]:
    """Run a receiver, and yield its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            receiver.handle(self)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Clients that go away are expected."""

    with Server(("127.0.0.1", port), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        scheme = "http" if context is None else "https"
        try:
            yield f"{scheme}://127.0.0.1:{server.server_port}"
        finally:
            receiver.over.set()
            server.shutdown()
            thread.join(MOST_S)


def attributes(found: Any) -> dict[str, Any]:
    """Return attributes of a message as plain values."""
    plain = {one.key: _value(one.value) for one in found}
    assert len(plain) == len(found)
    return plain


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    assert kind is not None
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    return getattr(value, kind)
