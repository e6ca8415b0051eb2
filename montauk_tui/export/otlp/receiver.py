"""Sends one request at a time to a receiver, and says what became of it."""

import gzip
import http.client
import math
import socket
import ssl
import time
from contextlib import suppress
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import Final, NamedTuple

from montauk_tui import __version__
from montauk_tui.export.otlp.encoding import Encoding, Rejected
from montauk_tui.export.otlp.endpoint import Endpoint
from montauk_tui.model.text import clean_text, quoted

_TIMEOUT_S: Final = 10.0
"""For each step of a request."""

_MOST_BYTES: Final = 1 << 16
"""Of an answer."""

_PASSING: Final = frozenset((429, 502, 503, 504))
"""What may pass, by the specification of OTLP."""

_REDIRECTS: Final = range(300, 400)
_FINE: Final = range(200, 300)
_STALE: Final = (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError)
"""What a connection says that the receiver has closed since the last request."""


class Fate(Enum):
    """What became of a request."""

    TAKEN = auto()
    AGAIN = auto()
    """It may be taken later."""
    REFUSED = auto()


class Outcome(NamedTuple):
    """What became of a request, and of its records."""

    fate: Fate
    reason: str = ""
    wait_s: float | None = None
    """How long the receiver wants nothing; None if it does not say."""
    rejected: int = 0
    """Records that were not taken, of a request that was."""


class Receiver:
    """A connection to a receiver, kept between requests."""

    def __init__(self, endpoint: Endpoint, encoding: Encoding) -> None:
        """Prepare; nothing is sent.

        Raises:
            UsageError: The file of authorities cannot be read.
        """
        self._endpoint = endpoint
        self._encoding = encoding
        self._connection = self._made(endpoint.context())
        self._headers = {
            "User-Agent": f"montauk/{__version__}",
            **endpoint.headers,
            "Content-Type": encoding.content_type,
            "Content-Encoding": "gzip",
        }

    def _made(self, context: ssl.SSLContext | None) -> http.client.HTTPConnection:
        host, port = self._endpoint.host, self._endpoint.port
        if context is None:
            return http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
        return http.client.HTTPSConnection(
            host, port, timeout=_TIMEOUT_S, context=context
        )

    def post(self, body: bytes) -> Outcome:
        """Send a request and wait for the answer."""
        packed = gzip.compress(body, 6, mtime=0)
        is_kept = self._connection.sock is not None
        try:
            return self._post(packed)
        except _STALE as error:
            self._connection.close()
            if not is_kept:
                return Outcome(Fate.AGAIN, _why(error))
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._connection.close()
            return Outcome(Fate.AGAIN, _why(error))
        return self.post(body)

    def abort(self) -> None:
        """Let a request in another thread fail that takes too long."""
        connected = self._connection.sock
        if connected is not None:
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _post(self, packed: bytes) -> Outcome:
        self._connection.request("POST", self._endpoint.target, packed, self._headers)
        response = self._connection.getresponse()
        answer = response.read(_MOST_BYTES)
        if not response.isclosed():
            # The rest of a long answer stands before the next one.
            self._connection.close()
        return self._outcome(response, answer)

    def _outcome(self, response: http.client.HTTPResponse, answer: bytes) -> Outcome:
        status, said = response.status, clean_text(response.reason)[:60]
        if status in _PASSING:
            wait_s = retry_after_s(response.getheader("Retry-After", ""), time.time())
            return Outcome(Fate.AGAIN, f"it answers {status} {said}", wait_s)
        if status in _REDIRECTS:
            there = quoted(response.getheader("Location", ""))
            return Outcome(Fate.REFUSED, f"it answers {status}: use the URL {there}")
        if status not in _FINE:
            return Outcome(Fate.REFUSED, f"it answers {status} {said}")
        return self._taken(response, answer)

    def _taken(self, response: http.client.HTTPResponse, answer: bytes) -> Outcome:
        """Return what the answer to a request says that was taken."""
        if not answer:
            return Outcome(Fate.TAKEN)
        kind = response.getheader("Content-Type", "").partition(";")[0].strip().lower()
        not_otlp = Outcome(Fate.REFUSED, "its answer is not one of OTLP")
        if kind != self._encoding.content_type:
            return not_otlp
        try:
            rejected, why = self._encoding.rejected(answer)
        except Rejected:
            return not_otlp
        return Outcome(Fate.TAKEN, clean_text(why)[:200], rejected=max(0, rejected))


def retry_after_s(written: str, now_s: float) -> float | None:
    """Return the seconds of a header Retry-After, None without a valid one.

    It has seconds or a date (RFC 9110).
    """
    written = written.strip()
    if written.isascii() and written.isdigit():
        return float(written[:9])
    try:
        due_s = parsedate_to_datetime(written).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, due_s - now_s) if math.isfinite(due_s) else None


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {clean_text(error.verify_message)}"
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    if isinstance(error, OSError) and error.strerror:
        return clean_text(error.strerror)[:200]
    return clean_text(str(error) or type(error).__name__)[:200]
