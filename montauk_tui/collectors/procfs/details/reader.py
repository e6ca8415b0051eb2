"""All sections of one process, read through its open folder."""

import math
import time
from collections.abc import Callable

from montauk_tui.collectors.procfs.details.cgroup import cgroup
from montauk_tui.collectors.procfs.details.files import files
from montauk_tui.collectors.procfs.details.kernel import (
    capabilities,
    kernel,
    namespaces,
    scheduling,
    signals,
)
from montauk_tui.collectors.procfs.details.lists import (
    command_line,
    environment,
    threads,
)
from montauk_tui.collectors.procfs.details.locks import locks
from montauk_tui.collectors.procfs.details.origin import origin
from montauk_tui.collectors.procfs.details.subject import (
    ProcessFolder,
    Subject,
    number,
    read_subject,
)
from montauk_tui.collectors.procfs.details.usage import limits, memory, read_io, usage
from montauk_tui.model.details import Details
from montauk_tui.model.sample import Identity
from montauk_tui.model.text import clean


def read_details(
    identity: Identity, user: Callable[[int], str], root: str = "/proc"
) -> Details | None:
    """Return everything known about a process; None if it has exited.

    The start time is checked before and after: all of it is of the same process.

    Args:
        identity: Which process.
        user: Names a user.
        root: Where /proc is. It is opened anew, because the collector may close its own
            meanwhile.
    """
    try:
        with ProcessFolder(root, identity.pid) as folder:
            subject = read_subject(folder, identity, root, user)
            if subject is None:
                return None
            details = _details(subject)
            # The process may have exited meanwhile, and the readings be incomplete.
            if read_subject(folder, identity, root, user) is None:
                return None
    except OSError:
        return None
    return details


def _details(subject: Subject) -> Details:
    io = read_io(subject)
    known = {} if isinstance(io, str) else io
    return Details(
        identity=subject.identity,
        name=clean(bytes(subject.stat.comm[0])),
        uid=_real_uid(subject),
        monotonic_s=time.monotonic(),
        sections=(
            origin(subject),
            usage(subject, io),
            memory(subject),
            limits(subject),
            scheduling(subject),
            kernel(subject),
            cgroup(subject),
            namespaces(subject),
            capabilities(subject),
            signals(subject),
            threads(subject),
            files(subject),
            locks(subject),
            command_line(subject),
            environment(subject),
        ),
        read_bytes=known.get("read_bytes", math.nan),
        write_bytes=known.get("write_bytes", math.nan),
    )


def _real_uid(subject: Subject) -> int:
    try:
        return number(clean(subject.status.get("Uid", b"").split(None, 1)[0]))
    except (IndexError, ValueError):
        return -1
