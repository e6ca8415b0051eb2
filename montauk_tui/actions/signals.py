"""Signals to processes, and never to another that took the PID.

A pidfd refers to one process, whichever process gets its PID later (pidfd_open(2)). It
is opened first and the start time read after that: if the start time is the expected
one, the pidfd is of that process, because a later holder of the PID started later.
"""

import errno
import os
import signal
from typing import Final

from montauk_tui.actions import pid_owner
from montauk_tui.model.outcome import Outcome, Result, not_permitted
from montauk_tui.model.sample import Identity

_NO_PIDFD: Final = (
    "this kernel has no pidfd (Linux 5.3), so another process might get it"
)


def send(identity: Identity, number: int) -> Result:
    """Send a signal to a process, unless it has exited.

    Args:
        identity: A process; a thread is refused.
        number: The signal; 0 sends none and tells whether it would be permitted.
    """
    if not hasattr(os, "pidfd_open") or not hasattr(signal, "pidfd_send_signal"):
        return Result(identity, Outcome.REFUSED, _NO_PIDFD)
    if refused := pid_owner.out_of_reach(identity):
        return refused
    try:
        descriptor = os.pidfd_open(identity.pid)
    except OSError as error:
        return _why_not_opened(identity, error)
    try:
        return _send(descriptor, identity, number)
    finally:
        os.close(descriptor)


def _send(descriptor: int, identity: Identity, number: int) -> Result:
    if refused := pid_owner.why_not(identity):
        return refused
    try:
        signal.pidfd_send_signal(descriptor, number)
    except OSError as error:
        return _why_not_sent(identity, error)
    return Result(identity, Outcome.DONE)


def _why_not_sent(identity: Identity, error: OSError) -> Result:
    if error.errno == errno.ESRCH:
        return Result(identity, Outcome.EXITED)
    if error.errno == errno.EPERM:
        whose = pid_owner.owner(identity.pid)
        return not_permitted(identity, whose and whose.uid, "CAP_KILL")
    if error.errno == errno.ENOSYS:
        return Result(identity, Outcome.REFUSED, _NO_PIDFD)
    return Result(identity, Outcome.REFUSED, os.strerror(error.errno or 0))


def _why_not_opened(identity: Identity, error: OSError) -> Result:
    if error.errno == errno.ENOSYS:
        return Result(identity, Outcome.REFUSED, _NO_PIDFD)
    if error.errno == errno.EPERM:
        reason = "pidfd_open is forbidden here, so another process might get it"
        return Result(identity, Outcome.REFUSED, reason)
    if not pid_owner.is_there(identity):
        return Result(identity, Outcome.EXITED)
    if error.errno in (errno.EINVAL, errno.ENOENT):
        reason = "a thread gets no signal of its own"
        return Result(identity, Outcome.REFUSED, reason)
    return Result(identity, Outcome.REFUSED, os.strerror(error.errno or 0))
