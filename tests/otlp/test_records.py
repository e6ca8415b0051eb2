"""Events as log records, read by the official protos."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
)

from montauk_tui.engine.interval.events import EXIT
from montauk_tui.export.event_lines import Event
from montauk_tui.export.otlp.encoding import Encoding, JsonEncoding, Rejected
from montauk_tui.export.otlp.names import EXIT as OF_EXITS
from montauk_tui.export.otlp.names import LOST, PROCESS, RESOURCE
from montauk_tui.export.otlp.protobuf import ProtobufEncoding
from montauk_tui.export.otlp.records import (
    Attributes,
    Record,
    lost_record,
    record_of,
    resource,
)
from montauk_tui.model.deaths import Death, SentAs, Task
from montauk_tui.model.starts import EXEC, EXEC_FAILED
from tests.otlp.receiver import attributes
from tests.support.builders import BOOT_S, TIME_S, FakeLookups, Row
from tests.support.starts import failed
from tests.support.stream import END, LIFE, sample_of

LOOKUPS = FakeLookups(users={0: "root"})
ENCODINGS: list[Callable[[Attributes], Encoding]] = [JsonEncoding, ProtobufEncoding]


def exit_record(row: Row | None = None, *, arguments: bool = True) -> Record:
    sample = sample_of(ends=[{**END, **(row or {})}], after_s=1.0)
    event = Event(sample, EXIT, 0, int(BOOT_S * 1e9) + 5 * 10**6)
    return record_of(event, LOOKUPS, arguments=arguments)


def exec_record() -> Record:
    event = Event(sample_of(LIFE, after_s=1.0), EXEC, 1, int(BOOT_S * 1e9) + 10**6)
    return record_of(event, LOOKUPS, arguments=True)


def failed_record(**values: Any) -> Record:
    made = sample_of([failed(42, int(BOOT_S * 1e9), **values)], after_s=1.0)
    event = Event(made, EXEC_FAILED, 0, int(BOOT_S * 1e9))
    return record_of(event, LOOKUPS, arguments=True)


def read_back(
    make: Callable[[Attributes], Encoding], *records: Record
) -> ExportLogsServiceRequest:
    encoding = make({"service.name": "montauk", "host.name": "here"})
    data = encoding.request([encoding.record(one) for one in records])
    if encoding.content_type == "application/json":
        return json_format.Parse(data, ExportLogsServiceRequest())
    return ExportLogsServiceRequest.FromString(data)


def test_an_exit_has_what_is_known_of_it() -> None:
    row = {"cgroup_id": 7, "read_bytes": 1, "peak_rss_bytes": 2**40}
    assert exit_record(row).attributes == {
        "process.pid": 42,
        "process.creation.time": "2026-11-17T07:20:10.000000+00:00",
        "process.parent_pid": 2,
        "process.user.id": 0,
        "process.user.name": "root",
        "process.executable.name": "true",
        "process.command_args": ["/bin/true", "a b"],
        "montauk.command_args.cut": False,
        "process.linux.cgroup": "/group-7",
        "process.exit.code": 3,
        "process.exit.time": "2026-11-18T11:06:40.005000+00:00",
        "montauk.exit.core_dumped": False,
        "montauk.lifetime.seconds": 0.005,
        "montauk.cpu.user.seconds": 0.001,
        "montauk.cpu.system.seconds": 0.00025,
        "montauk.memory.peak.bytes": 2**40,
        "montauk.disk.read.bytes": 1,
        "montauk.threads": 1,
    }


def test_an_exec_has_no_figures_of_an_exit() -> None:
    record = exec_record()
    assert record.name == "montauk.process.exec"
    assert record.body == "exec true"
    assert not {it.name for it in OF_EXITS} & record.attributes.keys()
    assert "error.type" not in record.attributes


def test_an_exec_that_failed_has_its_error_and_file() -> None:
    record = failed_record(comm=b"sh", cmdline=b"nothing\0-a\0")
    assert record.name == "montauk.process.exec_failed"
    assert (record.severity, record.body) == (
        9, "exec of /usr/bin/nothing by sh: ENOENT",
    )  # fmt: skip
    found = record.attributes
    assert found["error.type"] == "ENOENT"
    assert found["process.executable.path"] == "/usr/bin/nothing"
    assert found["process.executable.name"] == "sh"
    assert found["process.command_args"] == ["nothing", "-a"]
    assert failed_record(comm=b"sh", exe=b"").body == "exec of a file by sh: ENOENT"


def test_failures_are_warnings() -> None:
    fine, bad = exit_record({"exit_code": 0}), exit_record()
    assert (fine.severity, fine.body) == (9, "exit true: 0")
    assert (bad.severity, bad.body) == (13, "exit true: 3")
    killed = {"exit_code": None, "exit_signal": 11, "core_dumped": 1}
    assert exit_record(killed).body == "exit true: SIGSEGV+core"
    unknown = exit_record({"exit_code": None})
    assert (unknown.severity, unknown.body) == (13, "exit true: unknown")


def test_who_killed_it() -> None:
    killer = Task(812, 5, 0, b"kill", b"/bin/kill\0-9\0")
    death = Death(
        signal=9, sent_as=SentAs.WITH_INFO, code=0, address=0, syscall=0, arch=0,
        sender=killer, is_own=False, sender_exits=False, sender_is_init=False,
    )  # fmt: skip
    found = exit_record({"exit_code": None, "exit_signal": 9, "death": death})
    assert found.attributes["montauk.killed.how"] == "kill"
    assert found.attributes["montauk.killed.text"] == "SIGKILL by kill 812 (root)"
    assert found.attributes["montauk.exit.signal"] == 9


def test_arguments_may_be_left_out() -> None:
    found = exit_record(arguments=False).attributes
    assert not [name for name in found if "command" in name]


def test_times_are_those_of_the_event_and_of_the_sample() -> None:
    record = exec_record()
    assert record.time_ns == pytest.approx((TIME_S + 0.001) * 1e9, abs=1000)
    assert record.observed_ns == (TIME_S + 1) * 1e9
    sample = sample_of(ends=[END])
    unknown = record_of(Event(sample, EXIT, 0, -(2**63)), LOOKUPS, arguments=True)
    assert unknown.time_ns == 0
    assert "process.exit.time" not in unknown.attributes


def test_every_attribute_is_in_the_table() -> None:
    known = {it.name: it.type for it in (*PROCESS, *OF_EXITS, *LOST, *RESOURCE)}
    killed = {"exit_code": None, "exit_signal": 9, "cgroup_id": 1, "write_bytes": 1}
    types = {bool: "boolean", int: "integer", float: "number", str: "text",
             list: "list of text"}  # fmt: skip
    for found in (
        exit_record(killed).attributes,
        exec_record().attributes,
        failed_record().attributes,
        lost_record("queue", 3, 1).attributes,
        resource("here", is_live=True),
    ):
        for name, value in found.items():
            assert known[name] == types[type(value)], name
    assert len(known) == len((*PROCESS, *OF_EXITS, *LOST, *RESOURCE))
    for name in known:
        assert re.fullmatch(r"[a-z]+(\.[a-z_]+)+", name)


def test_a_recording_is_of_another_machine() -> None:
    here, there = resource("a", is_live=True), resource("b", is_live=False)
    assert "montauk.boot.id" in here
    assert not {"montauk.boot.id", "host.id"} & there.keys()
    assert there["host.name"] == "b"


@pytest.mark.parametrize("make", ENCODINGS)
def test_both_encodings_say_the_same(make: Callable[[Attributes], Encoding]) -> None:
    records = [exec_record(), exit_record(), lost_record("queue", 2**40, 5)]
    message = read_back(make, *records)
    (logs,) = message.resource_logs
    assert attributes(logs.resource.attributes)["host.name"] == "here"
    (scope,) = logs.scope_logs
    assert scope.scope.name == "montauk"
    assert len(scope.log_records) == 3
    for found, record in zip(scope.log_records, records, strict=True):
        assert found.event_name == record.name
        assert found.time_unix_nano == record.time_ns
        assert found.observed_time_unix_nano == record.observed_ns
        assert found.severity_number == record.severity
        assert found.severity_text in ("INFO", "WARN")
        assert found.body.string_value == record.body
        assert attributes(found.attributes) == record.attributes


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.binary(max_size=200))
def test_hostile_names_and_arguments_arrive(comm: bytes, cmdline: bytes) -> None:
    row = {"comm": comm.replace(b"\0", b""), "cmdline": cmdline.rstrip(b"\0") + b"x"}
    record = exit_record(row)
    plain: list[Any] = []
    for make in ENCODINGS:
        message = read_back(make, record)
        found = message.resource_logs[0].scope_logs[0].log_records[0]
        plain.append((found.body.string_value, attributes(found.attributes)))
    assert plain[0] == plain[1] == (record.body, record.attributes)
    (data,) = [JsonEncoding({}).record(record)]
    assert data.isascii()
    json.loads(data)


@pytest.mark.parametrize(
    "answer", [b"<html>", b"[]", b"\xff", b'{"partialSuccess":[]}', b"{" * 60_000,
               b'{"partialSuccess":{"rejectedLogRecords":"many"}}'],
)  # fmt: skip
def test_an_answer_that_is_no_json_of_otlp(answer: bytes) -> None:
    if answer == b'{"partialSuccess":[]}':
        assert JsonEncoding({}).rejected(answer) == (0, "")
        return
    with pytest.raises(Rejected):
        JsonEncoding({}).rejected(answer)


def test_an_answer_that_is_no_protobuf() -> None:
    with pytest.raises(Rejected):
        ProtobufEncoding({}).rejected(b"<html>")
