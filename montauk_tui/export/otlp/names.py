"""Every attribute of a log record and of its resource, one row each.

Those of OpenTelemetry are of its semantic conventions 1.44, whose namespace `process`
is a release candidate. docs/otlp.md is made from this table.
"""

from typing import Final, NamedTuple


class Attribute(NamedTuple):
    """An attribute; one that is unknown is left out."""

    name: str
    type: str
    meaning: str


RESOURCE: Final = (
    Attribute("service.name", "text", "`montauk`"),
    Attribute("service.version", "text", "the version of montauk"),
    Attribute("host.name", "text", "the name of the host"),
    Attribute("host.id", "text", "`/etc/machine-id`"),
    Attribute("os.type", "text", "`linux`"),
    Attribute("montauk.boot.id", "text", "a boot of the host: PIDs are of one"),
)

PROCESS: Final = (
    Attribute("process.pid", "integer", "PID"),
    Attribute("process.creation.time", "text", "start, ISO 8601: with the PID unique"),
    Attribute("process.parent_pid", "integer", "PID of the parent"),
    Attribute("process.user.id", "integer", "effective user ID"),
    Attribute("process.user.name", "text", "its name"),
    Attribute("process.executable.name", "text", "name of the program (`comm`)"),
    Attribute("process.executable.path", "text", "file of the program"),
    Attribute("process.command_args", "list of text", "arguments, as far as kept"),
    Attribute("process.linux.cgroup", "text", "path of the cgroup"),
    Attribute("montauk.command_args.cut", "boolean", "whether arguments are missing"),
    Attribute("error.type", "text", "error of an exec that failed, as `ENOENT`"),
)

EXIT: Final = (
    Attribute("process.exit.code", "integer", "status; none if a signal killed it"),
    Attribute("process.exit.time", "text", "when it exited, ISO 8601"),
    Attribute("montauk.exit.signal", "integer", "the signal that killed it"),
    Attribute("montauk.exit.core_dumped", "boolean", "whether it dumped core"),
    Attribute("montauk.lifetime.seconds", "number", "from its start to its exit"),
    Attribute("montauk.cpu.user.seconds", "number", "CPU time in user mode"),
    Attribute("montauk.cpu.system.seconds", "number", "CPU time in the kernel"),
    Attribute("montauk.memory.peak.bytes", "integer", "largest resident memory"),
    Attribute("montauk.disk.read.bytes", "integer", "read from storage"),
    Attribute("montauk.disk.written.bytes", "integer", "written to storage"),
    Attribute("montauk.threads", "integer", "threads at the exit"),
    Attribute("montauk.killed.how", "text", "as `how` in [JSON](json.md#events)"),
    Attribute("montauk.killed.text", "text", "by whom and why, in words"),
)

LOST: Final = (
    Attribute("montauk.lost.count", "integer", "events that were lost since the last"),
    Attribute("montauk.lost.where", "text", "`collector`, or `queue` of this exporter"),
)

EVENT_EXEC: Final = "montauk.process.exec"
EVENT_EXEC_FAILED: Final = "montauk.process.exec_failed"
EVENT_EXIT: Final = "montauk.process.exit"
EVENT_LOST: Final = "montauk.events.lost"
"""`eventName` of the records; there is no convention for processes."""
