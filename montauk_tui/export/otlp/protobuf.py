"""Requests in protobuf, with the messages of OpenTelemetry's own package."""

from collections.abc import Iterable, Sequence
from typing import Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ScopeLogs

from montauk_tui import __version__
from montauk_tui.export.otlp.encoding import SCOPE, Rejected
from montauk_tui.export.otlp.records import SEVERITIES, Attributes, Record, Value


class ProtobufEncoding:
    """Protobuf: smaller than JSON, and what every receiver takes."""

    content_type: Final = "application/x-protobuf"

    def __init__(self, resource: Attributes) -> None:
        """Take the attributes of the machine."""
        self._resource = resource

    def record(self, record: Record) -> bytes:
        """Return a record as a part of requests."""
        message = LogRecord(
            time_unix_nano=record.time_ns,
            observed_time_unix_nano=record.observed_ns,
            severity_number=record.severity,  # type: ignore[arg-type] # an enum
            severity_text=SEVERITIES[record.severity],
            event_name=record.name,
            body=AnyValue(string_value=record.body),
            attributes=_attributes(record.attributes),
        )
        return message.SerializeToString()

    def request(self, records: Sequence[bytes]) -> bytes:
        """Return a request with some records."""
        request = ExportLogsServiceRequest()
        logs = request.resource_logs.add()
        logs.resource.attributes.extend(_attributes(self._resource))
        scope: ScopeLogs = logs.scope_logs.add()
        scope.scope.name, scope.scope.version = SCOPE, __version__
        for record in records:
            scope.log_records.add().ParseFromString(record)
        return request.SerializeToString()

    def rejected(self, answer: bytes) -> tuple[int, str]:
        """Return how many records of a request were not taken, and why.

        Raises:
            Rejected: The answer is not one of OTLP.
        """
        try:
            partial = ExportLogsServiceResponse.FromString(answer).partial_success
        except DecodeError as error:
            raise Rejected from error
        return partial.rejected_log_records, partial.error_message


def _attributes(attributes: Attributes) -> Iterable[KeyValue]:
    return [
        KeyValue(key=name, value=_value(value)) for name, value in attributes.items()
    ]


def _value(value: Value) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, str):
        return AnyValue(string_value=value)
    return AnyValue(array_value=ArrayValue(values=[_value(one) for one in value]))
