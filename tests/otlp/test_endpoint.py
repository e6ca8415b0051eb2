"""The URL of a receiver, and what the environment says of it."""

import pytest

from montauk_tui.errors import UsageError
from montauk_tui.export.otlp.endpoint import endpoint
from montauk_tui.export.otlp.sink import connecting

HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"


@pytest.mark.parametrize(
    ("url", "is_tls", "host", "port", "target"),
    [
        ("http://localhost", False, "localhost", 4318, "/v1/logs"),
        ("http://localhost:1234/", False, "localhost", 1234, "/v1/logs"),
        ("https://otel.example", True, "otel.example", 443, "/v1/logs"),
        ("https://h/otlp/v1/logs?a=b", True, "h", 443, "/otlp/v1/logs?a=b"),
        ("http://[::1]:4318", False, "::1", 4318, "/v1/logs"),
    ],
)
def test_urls(url: str, *, is_tls: bool, host: str, port: int, target: str) -> None:
    there = endpoint(url, {})
    assert (there.is_tls, there.host, there.port, there.target) == (
        is_tls, host, port, target,
    )  # fmt: skip
    assert there.headers == {}


@pytest.mark.parametrize(
    "url",
    ["", "localhost:4318", "ftp://h", "http://", "http://h:99999", "http://h:x",
     "http://h/a b", "http://h/\r\nX: y", "http://h/#f", "http://ümlaut/", "http://[::1",
     "file:///etc/passwd", "http://h\x1b[31m/"],
)  # fmt: skip
def test_what_is_no_url_of_a_receiver(url: str) -> None:
    with pytest.raises(UsageError, match="is not a URL") as caught:
        endpoint(url, {})
    assert caught.value.line.isprintable()


def test_a_password_in_the_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError, match=HEADERS) as caught:
        endpoint("https://me:secret@h", {})
    assert "secret" not in str(caught.value)


def test_headers_of_the_environment() -> None:
    there = endpoint(
        "https://h",
        {
            HEADERS: "Authorization=Basic%20abc%3D, x-team = a",
            "OTEL_EXPORTER_OTLP_LOGS_HEADERS": "x-team=b",
        },
    )
    assert there.headers == {"authorization": "Basic abc=", "x-team": "b"}
    assert "Basic" not in str(there)


@pytest.mark.parametrize(
    "written",
    ["secret", "=secret", "a b=secret", "a=secret%0d%0aX: y", "a=secret%00", "a=1,,b=2",
     "content-length=secret", "Host=secret", "a\nb=secret"],
)  # fmt: skip
def test_an_invalid_header_is_refused_and_not_repeated(written: str) -> None:
    with pytest.raises(
        UsageError, match=f"{HEADERS}: entry [12] is not a hea"
    ) as found:
        endpoint("https://h", {HEADERS: written})
    assert "secret" not in str(found.value)


def test_a_file_of_authorities_that_cannot_be_read() -> None:
    there = endpoint("https://h", {"OTEL_EXPORTER_OTLP_CERTIFICATE": "/missing"})
    with pytest.raises(UsageError, match=r"'/missing': .*No such file"):
        there.context()


@pytest.mark.parametrize(
    ("url", "warned"),
    [("http://127.0.0.1", False), ("http://localhost", False), ("https://h", False),
     ("http://h", True), ("http://192.0.2.1", True), ("http://[::1]", False)],
)  # fmt: skip
def test_what_can_be_read_on_the_way_is_warned_about(
    url: str, capsys: pytest.CaptureFixture[str], *, warned: bool
) -> None:
    connecting(url, protobuf=False, environment={HEADERS: "a=secret"})
    err = capsys.readouterr().err
    assert ("is not encrypted" in err) == warned
    assert "secret" not in err
