"""Records as requests of OTLP over HTTP: JSON by the standard library, or protobuf.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

import json
from collections.abc import Sequence
from typing import Any, Final, Protocol

from montauk_tui import __version__
from montauk_tui.export.otlp.records import SEVERITIES, Attributes, Record, Value

SCOPE: Final = "montauk"


class Rejected(Exception):
    """The answer to a request is not one of OTLP."""


class Encoding(Protocol):
    """Encodes records one by one, and requests from them."""

    @property
    def content_type(self) -> str:
        """Of requests, and of answers."""
        ...

    def record(self, record: Record) -> bytes:
        """Return a record as a part of requests."""
        ...

    def request(self, records: Sequence[bytes]) -> bytes:
        """Return a request with some records."""
        ...

    def rejected(self, answer: bytes) -> tuple[int, str]:
        """Return how many records of a request were not taken, and why.

        Raises:
            Rejected: The answer is not one of OTLP.
        """
        ...


class JsonEncoding:
    """JSON, in which 64-bit integers are texts."""

    content_type: Final = "application/json"

    def __init__(self, resource: Attributes) -> None:
        """Take the attributes of the machine."""
        about = json.dumps({"attributes": _json_attributes(resource)})
        scope = json.dumps({"name": SCOPE, "version": __version__})
        self._head = (
            f'{{"resourceLogs":[{{"resource":{about},'
            f'"scopeLogs":[{{"scope":{scope},"logRecords":['
        ).encode()

    def record(self, record: Record) -> bytes:
        """Return a record as a part of requests."""
        document: dict[str, Any] = {
            "observedTimeUnixNano": str(record.observed_ns),
            "severityNumber": record.severity,
            "severityText": SEVERITIES[record.severity],
            "eventName": record.name,
            "body": {"stringValue": record.body},
            "attributes": _json_attributes(record.attributes),
        }
        if record.time_ns:
            document["timeUnixNano"] = str(record.time_ns)
        return json.dumps(document, separators=(",", ":")).encode()

    def request(self, records: Sequence[bytes]) -> bytes:
        """Return a request with some records."""
        return self._head + b",".join(records) + b"]}]}]}"

    def rejected(self, answer: bytes) -> tuple[int, str]:
        """Return how many records of a request were not taken, and why.

        Raises:
            Rejected: The answer is not one of OTLP.
        """
        try:
            document = json.loads(answer)
            partial = document.get("partialSuccess") or {}
            number = int(partial.get("rejectedLogRecords") or 0)
            return number, str(partial.get("errorMessage") or "")
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise Rejected from error


def _json_attributes(attributes: Attributes) -> list[dict[str, Any]]:
    return [
        {"key": name, "value": _json_value(value)} for name, value in attributes.items()
    ]


def _json_value(value: Value) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    return {"arrayValue": {"values": [{"stringValue": one} for one in value]}}
