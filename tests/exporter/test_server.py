"""The HTTP server: what a client may do, and what it may cost."""

import contextlib
import errno
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from montauk_tui.errors import MontaukError, UsageError
from montauk_tui.export.metrics import server as module
from montauk_tui.export.metrics.listening import (
    Listener,
    TcpListener,
    UnixListener,
    parse_address,
)
from montauk_tui.export.metrics.server import Server
from montauk_tui.export.metrics.text import Text
from montauk_tui.export.stopping import Stop
from tests.support.patience import MOST_S, until

TEXT = Text(b"plain 1\n", b"open 1\n# EOF\n")
LARGE = Text(b"x" * (8 << 20), b"")
GET = b"GET /metrics HTTP/1.1\r\nHost: anything at all\r\n\r\n"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give clients as long as a busy machine takes."""
    for name in ("_REQUEST_S", "_ANSWER_S", "_LINGER_S"):
        monkeypatch.setattr(module, name, MOST_S)


class Serving:
    """A server in a thread of its own."""

    def __init__(self, listener: Listener, text: Text | None) -> None:
        self.text = text
        self.asked = 0
        self.stop = Stop()
        self.server = Server(listener.socket, self._answer)
        self.thread = threading.Thread(
            target=self.server.run, args=(self.stop.descriptor, self._is_stopped)
        )
        self.address = listener.socket.getsockname()

    def _answer(self) -> Text | None:
        self.asked += 1
        return self.text

    def _is_stopped(self) -> bool:
        return self.stop.is_set

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=MOST_S)

    def ask(self, request: bytes) -> bytes:
        with self.connect() as client:
            client.sendall(request)
            return everything(client)

    @property
    def connections(self) -> int:
        return self.server.connections


def everything(client: socket.socket) -> bytes:
    found = b""
    while part := client.recv(1 << 20):
        found += part
    return found


@contextmanager
def serving(
    text: Text | None = TEXT, listener: Listener | None = None
) -> Iterator[Serving]:
    with closing(listener or TcpListener("127.0.0.1", 0)) as open_one:
        it = Serving(open_one, text)
        it.thread.start()
        try:
            yield it
        finally:
            it.stop.set()
            it.thread.join(MOST_S)
            assert not it.thread.is_alive()
            it.stop.close()


def test_it_answers_with_the_text_that_there_is() -> None:
    with serving() as it:
        head, _, body = it.ask(GET).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 200 OK"
    assert b"Content-Type: text/plain; version=0.0.4; charset=utf-8" in lines
    assert b"Content-Length: 8" in lines
    assert b"Connection: close" in lines
    assert body == TEXT.plain


@pytest.mark.parametrize(
    ("accept", "is_open"),
    [
        (b"application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1", True),
        (b"Application/OpenMetrics-Text", True),
        (b"text/plain", False),
        (b"*/*", False),
    ],
)
def test_a_client_chooses_the_format(accept: bytes, *, is_open: bool) -> None:
    request = b"GET /metrics?a=b HTTP/1.0\r\naccept: " + accept + b"\r\n\r\n"
    with serving() as it:
        body = it.ask(request).partition(b"\r\n\r\n")[2]
    assert body == (TEXT.open if is_open else TEXT.plain)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"POST /metrics HTTP/1.1\r\n\r\n", 405),
        (b"HEAD /metrics HTTP/1.1\r\n\r\n", 405),
        (b"GET / HTTP/1.1\r\n\r\n", 404),
        (b"GET /metrics/../etc/passwd HTTP/1.1\r\n\r\n", 404),
        (b"GET /%6detrics HTTP/1.1\r\n\r\n", 404),
        (b"GET /metrics HTTP/2.0\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"\r\n\r\n", 400),
        (b"GET /metrics\r\n\r\n", 400),
        (b"GET /metrics HTTP/1.1\r\nX: " + b"y" * 8192 + b"\r\n\r\n", 431),
        (b"\0" * 100_000, 431),
    ],
)
def test_everything_else_is_refused_in_one_line(request_: bytes, status: int) -> None:
    with serving() as it:
        head, _, body = it.ask(request_).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 %d " % status)
        assert body.endswith(b"\n")
        assert body.count(b"\n") == 1
        # It goes on.
        assert it.ask(GET).endswith(TEXT.plain)


def test_before_the_first_sample_it_says_so() -> None:
    with serving(None) as it:
        assert it.ask(GET).startswith(b"HTTP/1.1 503 ")


def test_a_request_in_small_parts_is_answered() -> None:
    with serving() as it, it.connect() as client:
        for byte in GET:
            client.send(bytes([byte]))
        assert everything(client).endswith(TEXT.plain)


def test_a_large_text_goes_to_a_client_that_reads_slowly() -> None:
    with serving(LARGE) as it, it.connect() as client:
        client.sendall(GET)
        until(lambda: it.asked)
        assert len(everything(client)) > len(LARGE.plain)


def test_a_scrape_takes_no_sample_and_copies_no_text() -> None:
    """A hundred scrapes in a row get the very text that was there before."""
    with serving() as it:
        for _ in range(100):
            assert it.ask(GET).endswith(TEXT.plain)
        assert it.asked == 100
        assert it.text is TEXT


@pytest.mark.parametrize("sent", [b"", b"GET /met", GET[:-2]])
def test_a_client_that_sends_no_end_is_left(
    monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(module, "_REQUEST_S", 0.05)
    with serving() as it, it.connect() as client:
        # It may have been left before it sent anything.
        with contextlib.suppress(ConnectionError):
            client.sendall(sent)
            assert everything(client) == b""
        until(lambda: not it.connections)


def test_a_client_that_does_not_read_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ANSWER_S", 0.05)
    with serving(LARGE) as it, it.connect() as client:
        client.sendall(GET)
        until(lambda: it.asked)
        until(lambda: not it.connections)
        assert it.ask(b"GET / HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 404")


def test_a_client_that_does_not_close_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LINGER_S", 0.05)
    with serving() as it, it.connect() as client:
        client.sendall(GET + b"more")
        assert everything(client).endswith(TEXT.plain)
        until(lambda: not it.connections)


def test_many_idle_clients_keep_nobody_out() -> None:
    with serving() as it:
        idle = [it.connect() for _ in range(100)]
        try:
            until(lambda: it.connections == 32)
            assert it.ask(GET).endswith(TEXT.plain)
            assert it.connections <= 32
        finally:
            for client in idle:
                client.close()


def test_clients_that_go_at_any_time_harm_nothing() -> None:
    linger = b"\1\0\0\0\0\0\0\0"
    with serving(LARGE) as it:
        for sent in (b"", b"G", GET, GET, GET + b"more" * 1000):
            client = it.connect()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            client.sendall(sent)
            client.close()
        until(lambda: not it.connections)
        assert it.ask(b"GET / HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 404")


class Full(socket.socket):
    """A listener that cannot accept at first."""

    refused = 0

    def accept(self) -> tuple[socket.socket, object]:
        if self.refused < 2:
            self.refused += 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


def test_without_a_free_descriptor_a_client_waits() -> None:
    with closing(TcpListener("127.0.0.1", 0)) as listener:
        listener.socket = full = Full(fileno=listener.socket.detach())
        with serving(TEXT, listener) as it:
            assert it.ask(GET).endswith(TEXT.plain)
        assert full.refused == 2


# --- where it listens -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:9797", ("127.0.0.1", 9797)),
        ("localhost:1", ("127.0.0.1", 1)),
        ("[::1]:65535", ("::1", 65535)),
        ("0.0.0.0:0", ("0.0.0.0", 0)),  # noqa: S104 - it is only read
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["", ":", "9797", ":9797", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80",
     "[::1]", "[127.0.0.1]:80", "host:80", "127.0.0.1:-1", "127.0.0.1:8x", "1:2:3",
     "127.0.0.1:99999999999999", "\x1b[31m:80", "[::1%lo]x:80"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageError, match="is not an address and a port") as caught:
        parse_address(text)
    assert "\x1b" not in str(caught.value)


def test_an_address_in_use_is_one_line() -> None:
    with closing(TcpListener("127.0.0.1", 0)) as first:
        port = first.socket.getsockname()[1]
        with pytest.raises(MontaukError, match=f"cannot listen on 127.0.0.1:{port}"):
            TcpListener("127.0.0.1", port)


@pytest.mark.parametrize(("host", "lines"), [("127.0.0.1", 0), ("0.0.0.0", 1)])  # noqa: S104
def test_an_address_that_others_reach_is_warned_about(
    host: str, lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    TcpListener(host, 0).close()
    err = capsys.readouterr().err
    assert err.count("\n") == lines
    assert ("without encryption" in err) == bool(lines)


def test_a_socket_in_the_file_system_is_for_owner_and_group(tmp_path: Path) -> None:
    path = tmp_path / ("long" * 50)
    with closing(UnixListener(str(path))) as listener:
        assert path.is_socket()
        assert path.stat().st_mode & 0o777 == 0o660
        assert [it.name for it in tmp_path.iterdir()] == [path.name]
        assert str(path) in listener.address
    assert list(tmp_path.iterdir()) == []


def test_a_socket_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "it"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with closing(UnixListener(str(path))):
        with pytest.raises(MontaukError, match="another program listens on it"):
            UnixListener(str(path))
        assert path.is_socket()
    assert not path.exists()


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_nothing_else_is_replaced(tmp_path: Path, kind: str) -> None:
    path, target = tmp_path / "it", tmp_path / "target"
    target.write_text("kept")
    if kind == "file":
        path.write_text("kept")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(target)
    with pytest.raises(MontaukError, match="it exists and is not a socket"):
        UnixListener(str(path))
    assert target.read_text() == "kept"
    assert path.exists()


@pytest.mark.parametrize("path", ["missing/it", "", "."])
def test_where_no_socket_can_be(tmp_path: Path, path: str) -> None:
    with pytest.raises(MontaukError, match="cannot listen on"):
        UnixListener(str(tmp_path / path) + ("/" if not path else ""))


def test_a_socket_that_replaced_it_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "it"
    first = UnixListener(str(path))
    path.unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        first.close()
        assert path.is_socket()


def test_it_answers_on_a_socket_in_the_file_system(tmp_path: Path) -> None:
    path = tmp_path / "it"
    with (
        serving(TEXT, UnixListener(str(path))),
        socket.socket(socket.AF_UNIX) as client,
    ):
        client.settimeout(MOST_S)
        client.connect(str(path))
        client.sendall(GET)
        assert everything(client).endswith(TEXT.plain)
