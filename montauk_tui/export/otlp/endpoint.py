"""Where records go: the URL, and what the environment says of it.

https://opentelemetry.io/docs/specs/otel/protocol/exporter/
"""

import ipaddress
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from montauk_tui.errors import UsageError
from montauk_tui.model.text import quoted

HEADERS: Final = ("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_LOGS_HEADERS")
CERTIFICATES: Final = (
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE",
)
"""Variables; the second of each goes before the first."""

_PATH: Final = "/v1/logs"
_PORTS: Final = {"http": 4318, "https": 443}
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
"""The name of a header (RFC 9110)."""

_VALUE: Final = re.compile(r"[\t -~\x80-\xff]*")
_OURS: Final = frozenset(
    ("host", "content-length", "content-type", "content-encoding", "transfer-encoding")
)
_URL: Final = "write for example http://localhost:4318 or https://host/v1/logs"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A receiver of logs."""

    is_tls: bool
    host: str
    port: int
    target: str
    """Path and query."""
    headers: Mapping[str, str]
    """Credentials perhaps: never printed."""
    certificates: str | None
    """A file of authorities that are trusted in place of the system's."""

    def __str__(self) -> str:
        """Return it as messages name it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.is_tls else 'http'}://{host}:{self.port}"

    @property
    def is_exposed(self) -> bool:
        """Whether what is sent can be read on the way."""
        if self.is_tls or self.host == "localhost":
            return False
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return True

    def context(self) -> ssl.SSLContext | None:
        """Return how the receiver is verified; None without TLS.

        Raises:
            UsageError: The file of authorities cannot be read.
        """
        if not self.is_tls:
            return None
        try:
            return ssl.create_default_context(cafile=self.certificates)
        except OSError as error:
            # ssl.SSLError is one.
            reason = f"{CERTIFICATES[0]}: {quoted(self.certificates or '')}: {error}"
            raise UsageError(reason, "name a file in PEM format") from error


def endpoint(url: str, environment: Mapping[str, str]) -> Endpoint:
    """Return the receiver of a URL, with the headers of the environment.

    Raises:
        UsageError: The URL or a variable is invalid.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise UsageError(f"--otlp: {quoted(url)} is not a URL", _URL) from error
    is_plain = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in _PORTS or not host or not is_plain or parts.fragment:
        raise UsageError(f"--otlp: {quoted(url)} is not a URL", _URL)
    if parts.username is not None or parts.password is not None:
        # Every user can read arguments in /proc.
        reason = "--otlp: a user or password in a URL can be read by others"
        raise UsageError(reason, f"set {HEADERS[0]}")
    path = parts.path if parts.path not in ("", "/") else _PATH
    return Endpoint(
        parts.scheme == "https",
        host,
        port or _PORTS[parts.scheme],
        path + (f"?{parts.query}" if parts.query else ""),
        _headers(environment),
        _last_of(CERTIFICATES, environment),
    )


def _last_of(names: tuple[str, ...], environment: Mapping[str, str]) -> str | None:
    given = [environment[name] for name in names if environment.get(name)]
    return given[-1] if given else None


def _headers(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of the environment; no message has their values."""
    found: dict[str, str] = {}
    for variable in HEADERS:
        written = environment.get(variable, "")
        entries = enumerate(written.split(","), 1) if written.strip() else ()
        for number, entry in entries:
            name, equals, value = entry.partition("=")
            name, value = name.strip().lower(), unquote(value.strip())
            is_valid = _TOKEN.fullmatch(name) and _VALUE.fullmatch(value)
            if not equals or not is_valid or name in _OURS:
                reason = f"{variable}: entry {number} is not a header"
                raise UsageError(reason, "write name=value,name=value")
            found[name] = value
    return found
