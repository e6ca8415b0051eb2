"""Sends events: the exits and execs that match a filter, and what was lost."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from montauk_tui import streams
from montauk_tui.engine import query
from montauk_tui.errors import UsageError
from montauk_tui.export.event_lines import Event
from montauk_tui.export.event_printer import summary
from montauk_tui.export.event_sink import Sink
from montauk_tui.export.event_source import Source, Totals
from montauk_tui.export.otlp.encoding import Encoding, JsonEncoding
from montauk_tui.export.otlp.endpoint import Endpoint, endpoint
from montauk_tui.export.otlp.receiver import Outcome, Receiver
from montauk_tui.export.otlp.records import (
    Attributes,
    Record,
    lost_record,
    record_of,
    resource,
)
from montauk_tui.export.otlp.sender import QUEUE, Limits, Sender
from montauk_tui.model.starts import FORK

Connect = Callable[[Attributes], tuple[Encoding, Sender]]
"""Given the attributes of the host, returns what encodes records and what sends."""

_AT_ONCE: Final = 1_024
"""Records that are added to the queue together."""


class OtlpSink(Sink):
    """Sends events as log records."""

    def __init__(
        self,
        wanted: query.Query,
        connect: Connect,
        is_stopped: Callable[[], bool],
        *,
        arguments: bool,
    ) -> None:
        """Prepare; nothing is sent.

        Args:
            wanted: A filter.
            connect: Opens the way to the receiver once the host is known.
            is_stopped: Whether the user wants no more.
            arguments: Whether records have the arguments of processes.

        Raises:
            UsageError: The filter uses a field that events do not have.
        """
        super().__init__(wanted)
        self._connect = connect
        self._is_stopped = is_stopped
        self._arguments = arguments
        self._way: tuple[Encoding, Sender] | None = None
        self._is_live = True
        self._lost: dict[str, int] = {}
        """What was reported as lost so far."""

    def begin(self) -> None:
        """Wait for the first events: they say of which host they are."""

    def take(self, events: Sequence[Event], source: Source) -> None:
        """Add events to the queue."""
        encoding, sender = self._opened(source)
        self._is_live = source.is_live
        sender.watch()
        self._report_lost(source)
        wanted = [event for event in events if event.kind != FORK]
        for first in range(0, len(wanted), _AT_ONCE):
            if not source.is_live:
                sender.wait_for_room(self._is_stopped)
            some = wanted[first : first + _AT_ONCE]
            sender.put([encoding.record(self._record(it, source)) for it in some])

    def _record(self, event: Event, source: Source) -> Record:
        return record_of(event, source.lookups, arguments=self._arguments)

    def _opened(self, source: Source) -> tuple[Encoding, Sender]:
        if self._way is None:
            hostname = source.first.host.hostname
            way = self._connect(resource(hostname, is_live=source.is_live))
            way[1].start()
            self._way = way
        return self._way

    def _report_lost(self, source: Source) -> None:
        """Send how many events were lost since the last time."""
        encoding, sender = self._opened(source)
        lost = {"collector": source.totals().lost, "queue": sender.dropped[QUEUE]}
        for where, count in lost.items():
            more = count - self._lost.get(where, 0)
            if more > 0 and sender.room > 0:
                record = lost_record(where, more, time.time_ns())
                sender.put([encoding.record(record)])
                self._lost[where] = count

    def end(self, totals: Totals, duration_s: float) -> None:
        """Say what happened, once what a recording has is sent."""
        if self._way is not None and not self._is_live:
            self._way[1].wait_until_sent(self._is_stopped)
        streams.tell(summary(totals, self.pending(totals), duration_s))

    @property
    def has_dropped(self) -> bool:
        """Whether a record was dropped so far."""
        return self._way is not None and self._way[1].dropped.total() > 0

    def close(self) -> None:
        """Send what is left, and say what became of all."""
        if self._way is None:
            return
        _, sender = self._way
        sender.finish()
        dropped = "".join(
            f", {count:,} dropped: {why}"
            for why, count in sender.dropped.items()
            if count
        )
        streams.tell(f"{sender.sent:,} records sent{dropped}")


class _Way:
    """Sends the records of one request."""

    def __init__(self, receiver: Receiver, encoding: Encoding) -> None:
        self._receiver, self._encoding = receiver, encoding

    def post(self, records: Sequence[bytes]) -> Outcome:
        return self._receiver.post(self._encoding.request(records))

    def abort(self) -> None:
        self._receiver.abort()

    def close(self) -> None:
        self._receiver.close()


def connecting(
    url: str,
    *,
    protobuf: bool,
    environment: Mapping[str, str] = os.environ,
    limits: Limits | None = None,
) -> Connect:
    """Return what opens the way to a receiver.

    Args:
        url: Where it is.
        protobuf: Whether to send protobuf, rather than JSON.
        environment: With headers and certificates.
        limits: Other ones than usual.

    Raises:
        UsageError: The URL or the environment is invalid, or there is no protobuf.
    """
    there = endpoint(url, environment)
    make = _protobuf() if protobuf else JsonEncoding
    # Whatever is wrong with it is said before the first event.
    there.context()
    _warn(there)

    def connect(about: Attributes) -> tuple[Encoding, Sender]:
        encoding = make(about)
        way = _Way(Receiver(there, encoding), encoding)
        return encoding, Sender(way, str(there), limits)

    return connect


def _protobuf() -> Callable[[Attributes], Encoding]:
    try:
        # It is an extra.
        from montauk_tui.export.otlp.protobuf import (  # noqa: PLC0415
            ProtobufEncoding,
        )
    except ImportError as error:
        raise UsageError(
            f"--otlp-protobuf needs the package opentelemetry-proto: {error}",
            "pip install 'montauk-tui[otlp]', or leave it out to send JSON",
        ) from error
    return ProtobufEncoding


def _warn(there: Endpoint) -> None:
    if there.is_exposed:
        secret = " and the headers of the environment" if there.headers else ""
        streams.complain(
            f"{there} is not encrypted: arguments of processes{secret} can be read on "
            "the way; use https"
        )
