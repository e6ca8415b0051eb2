"""One request, and what each answer of a receiver means."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType

import pytest

from montauk_tui.export.otlp import receiver as module
from montauk_tui.export.otlp.encoding import JsonEncoding
from montauk_tui.export.otlp.endpoint import endpoint
from montauk_tui.export.otlp.protobuf import ProtobufEncoding
from montauk_tui.export.otlp.receiver import Fate, Outcome, Receiver, retry_after_s
from tests.otlp import receiver as fake
from tests.otlp.receiver import JSON, Answer, html, receiving
from tests.support.patience import MOST_S, until

RECORD = b"{}"
NOTHING: Mapping[str, str] = MappingProxyType({})


def posted(
    url: str, environment: Mapping[str, str] = NOTHING, *, protobuf: bool = False
) -> Outcome:
    encoding = (ProtobufEncoding if protobuf else JsonEncoding)({})
    with closing(Receiver(endpoint(url, environment), encoding)) as receiver:
        return receiver.post(encoding.request([]))


@pytest.mark.parametrize("protobuf", [False, True])
@pytest.mark.parametrize(
    ("answer", "fate", "wait_s", "reason"),
    [
        (fake.FINE, Fate.TAKEN, None, ""),
        (Answer(200), Fate.TAKEN, None, ""),
        (html(200), Fate.REFUSED, None, "its answer is not one of OTLP"),
        (html(429), Fate.AGAIN, None, "429"),
        (html(429, ("Retry-After", "7")), Fate.AGAIN, 7.0, "429"),
        (html(503, ("Retry-After", "\x00-1")), Fate.AGAIN, None, "503"),
        (html(502), Fate.AGAIN, None, "502"),
        (html(504), Fate.AGAIN, None, "504"),
        (html(500), Fate.REFUSED, None, "500"),
        (html(400), Fate.REFUSED, None, "400"),
        (html(401), Fate.REFUSED, None, "401"),
        (html(404), Fate.REFUSED, None, "404"),
        (html(301, ("Location", "http://there")), Fate.REFUSED, None, "'http://there'"),
    ],
)  # fmt: skip
def test_what_an_answer_means(
    answer: Answer, fate: Fate, wait_s: float | None, reason: str, *, protobuf: bool
) -> None:
    with receiving(fake.Receiver(answer)) as url:
        outcome = posted(url, protobuf=protobuf)
    assert outcome.fate is fate
    assert outcome.wait_s == wait_s
    assert reason in outcome.reason
    assert outcome.reason.isprintable()


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x00\xff" * 2000, b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 999999 x\r\n\r\n",
     b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n", b"HTTP/1.1 200 OK\r\nConten",
     b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"],
)  # fmt: skip
def test_garbage_may_pass(raw: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            client, _ = server.accept()
            with client:
                client.recv(65536)
                client.sendall(raw)

        thread = threading.Thread(target=answer)
        thread.start()
        outcome = posted(f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join(MOST_S)
    assert outcome.fate in (Fate.AGAIN, Fate.TAKEN)
    assert outcome.reason.isprintable()


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    outcome = posted(f"http://127.0.0.1:{port}")
    assert outcome == Outcome(Fate.AGAIN, "Connection refused")


def test_a_slow_receiver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TIMEOUT_S", 0.05)
    with receiving(fake.Receiver(Answer(never=True))) as url:
        outcome = posted(url)
    assert outcome == Outcome(Fate.AGAIN, "it does not answer in time")


def test_a_request_that_is_aborted_may_pass() -> None:
    there = fake.Receiver(Answer(never=True))
    with receiving(there) as url, closing(_receiver(url)) as receiver:
        found: list[Outcome] = []
        thread = threading.Thread(
            target=lambda: found.append(receiver.post(RECORD)), daemon=True
        )
        thread.start()
        until(lambda: there.asked)
        receiver.abort()
        thread.join(MOST_S)
        assert found[0].fate is Fate.AGAIN


def _receiver(url: str) -> Receiver:
    return Receiver(endpoint(url, {}), JsonEncoding({}))


def test_a_connection_is_kept_and_made_again_when_it_was_closed() -> None:
    there = fake.Receiver(
        fake.FINE,
        fake.FINE._replace(headers=(*fake.FINE.headers, ("Connection", "close"))),
        fake.FINE,
    )
    with receiving(there) as url, closing(_receiver(url)) as receiver:
        body = JsonEncoding({}).request([])
        for _ in range(4):
            assert receiver.post(body).fate is Fate.TAKEN
    assert there.asked == 4


def test_a_long_answer_is_not_read_to_its_end() -> None:
    kind = ("Content-Type", JSON)
    long = Answer(200, b'{"a":"' + b"x" * (8 << 20) + b'"}', (kind,))
    with receiving(fake.Receiver(long)) as url, closing(_receiver(url)) as receiver:
        body = JsonEncoding({}).request([])
        assert receiver.post(body).fate is Fate.REFUSED
        assert receiver.post(body).fate is Fate.TAKEN


def test_rejected_records_are_counted() -> None:
    body = b'{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"\\u001bold"}}'
    answer = Answer(200, body, (("Content-Type", f"{JSON}; charset=utf-8"),))
    with receiving(fake.Receiver(answer)) as url:
        outcome = posted(url)
    assert (outcome.fate, outcome.rejected) == (Fate.TAKEN, 3)
    assert outcome.reason == r"\x1bold"


@pytest.mark.parametrize(
    ("written", "wait_s"),
    [("0", 0.0), (" 12 ", 12.0), ("9" * 50, 999_999_999.0), ("-1", None), ("", None),
     ("1.5", None), ("soon", None), ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
     ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("Thu, 99 Jan 1970 00:00:00 GMT", None),
     ("\u0663", None)],
)  # fmt: skip
def test_retry_after(written: str, wait_s: float | None) -> None:
    assert retry_after_s(written, 10.0) == wait_s


# --- TLS ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for 127.0.0.1, in one file with its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl")
    file = tmp_path_factory.mktemp("tls") / "it.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-keyout", str(file), "-out", f"{file}.crt", "-subj", "/CN=montauk test",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    with file.open("a") as both:
        both.write(Path(f"{file}.crt").read_text())
    return file


def test_a_receiver_is_verified(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    there = fake.Receiver()
    with receiving(there, context) as url:
        trusted = {"OTEL_EXPORTER_OTLP_CERTIFICATE": str(certificate)}
        assert posted(url, trusted).fate is Fate.TAKEN
        unknown = posted(url)
        assert unknown.fate is Fate.AGAIN
        assert "certificate is not valid: self" in unknown.reason
        # It is for the address only.
        other = posted(url.replace("127.0.0.1", "localhost"), trusted)
        assert "certificate is not valid: Hostname mismatch" in other.reason
    assert len(there.requests) == 1
