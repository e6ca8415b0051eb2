"""Whether this host delivers events, tested by producing one.

In a container the subscription may succeed and no event ever arrive, so a thread is
started and the event of its fork waited for.
"""

import errno
import os
import threading
import time
from pathlib import Path
from typing import Final

from montauk_tui import shortage
from montauk_tui.collectors import namespaces
from montauk_tui.collectors.base import Availability
from montauk_tui.collectors.netlink.connector import EventSocket, Kind, NoAnswerError
from montauk_tui.model import own_proc

_PATIENCE_S: Final = 0.5
_BUFFER_BYTES: Final = 1 << 20
_INITIAL: Final = namespaces.INITIAL

WITHOUT_READER: Final = "few arguments, as their reader"
WITHOUT_STATS: Final = "no CPU time of exited processes without CAP_NET_ADMIN"


def counts_io() -> bool:
    """Tell whether the kernel has CONFIG_TASK_IO_ACCOUNTING; else taskstats has 0.

    The file exists under the same option (fs/proc/base.c, kernel/tsacct.c).
    """
    return Path("/proc/self/io").exists()


def check() -> Availability:
    """Tell whether events arrive; without side effect."""
    lack = own_proc.lack()
    if lack is not None:
        return Availability(available=False, reason=lack[0], remedy=lack[1])
    if _foreign_namespace() is not None:
        # The kernel ignores the request (cn_proc_mcast_ctl in
        # drivers/connector/cn_proc.c): half a second of waiting for no answer.
        return refusal(NoAnswerError())
    try:
        events = EventSocket(Kind.FORK, _BUFFER_BYTES, with_threads=True)
    except OSError as error:
        return refusal(error)
    try:
        return _wait_for_own_fork(events)
    except (OSError, RuntimeError) as error:
        return refusal(error)
    finally:
        events.close()


def _wait_for_own_fork(events: EventSocket) -> Availability:
    # A thread is forked like a process, and reported by the same code.
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    # In the kernel it exits a moment after it was joined.
    task = Path(f"/proc/self/task/{thread.native_id}")
    end_s = time.monotonic() + _PATIENCE_S
    is_reported, is_there, is_over = False, True, False
    while (is_there or not is_reported) and not is_over:
        # Whoever got no CPU for so long finds in the socket what came meanwhile.
        is_over = time.monotonic() >= end_s
        is_reported = is_reported or os.getpid() in events.read()["pid"]
        is_there = task.exists()
        time.sleep(0.001)
    return Availability(available=True) if is_reported else refusal(NoAnswerError())


def refusal(error: OSError | RuntimeError) -> Availability:
    """Return the reason and the remedy for an error."""
    if isinstance(error, RuntimeError):
        return _no_thread(error)
    namespace = _foreign_namespace()
    if namespace is not None:
        reason = f"the kernel delivers no events in this {namespace} namespace"
        remedy = "run it on the host, outside of the container"
    elif isinstance(error, NoAnswerError):
        reason = "the proc connector does not answer"
        remedy = "use a kernel with CONFIG_PROC_EVENTS=y"
    elif error.errno in (errno.EPERM, errno.EACCES):
        reason = "no CAP_NET_ADMIN"
        remedy = "run it as root: sudo montauk; Linux 6.6 lets everybody listen"
    elif error.errno == errno.ECONNREFUSED:
        reason = "the proc connector is not in this network namespace"
        remedy = "run it on the host, or with its network (--network host)"
    elif error.errno in (errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT):
        reason = "the kernel has no netlink connector"
        remedy = "load it (modprobe cn), or use a kernel with CONFIG_PROC_EVENTS=y"
    else:
        reason = f"the proc connector refuses: {error.strerror or error}"
        remedy = "use the traditional collector"
    return Availability(available=False, reason=reason, remedy=remedy)


def _no_thread(error: RuntimeError) -> Availability:
    lack = shortage.of(error)
    if lack is None:
        reason, remedy = f"it cannot listen: {error}", "use the traditional collector"
        return Availability(available=False, reason=reason, remedy=remedy)
    return Availability(available=False, reason=lack.reason, remedy=lack.remedy)


def _foreign_namespace() -> str | None:
    """Return the kind of namespace that the proc connector does not serve."""
    for kind, initial in _INITIAL.items():
        try:
            inode = namespaces.own(kind)
        except OSError:
            continue
        if inode != initial:
            return "PID" if kind == "pid" else kind
    return None
