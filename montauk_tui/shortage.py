"""Recognises failures caused by a lack of files, memory or threads."""

import _thread
import ctypes
import errno
import resource
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from montauk_tui.errors import MontaukError

_FILES: Final = ("too many open files", "raise the limit: ulimit -n 1024")
_MEMORY: Final = (
    "out of memory", "free memory, or raise the limit: ulimit -v unlimited",
)  # fmt: skip
_THREADS: Final = (
    "cannot start a thread",
    "end other programs, or raise the limits: ulimit -u, ulimit -v",
)
_ERRORS: Final = {errno.EMFILE: _FILES, errno.ENFILE: _FILES, errno.ENOMEM: _MEMORY}
_NO_THREAD: Final = "can't start new thread"
_NO_ROOM: Final = ("failed to map", "cannot allocate memory", "cannot map zero-fill")
"""Messages of ld.so about a library that does not fit into memory."""

_UNSAID: Final = (
    (SystemError, "without exception set"),
    (ValueError, " is required for "),
)
"""Messages of CPython about a failed allocation; the last in a syntax tree."""

_STACK_BYTES: Final = 2 << 20
"""Stack size of a thread; the default 8 MiB counts against address space."""

_LEAST_ADDRESS_SPACE_BYTES: Final = 120 << 20
"""Below it numpy fails while it is loaded, and OpenBLAS ends the process or hangs."""

_M_ARENA_MAX: Final = -8
_M_MMAP_THRESHOLD: Final = -3
_M_TRIM_THRESHOLD: Final = -1
"""Of mallopt(3) in the GNU C library."""

_LARGE_BYTES: Final = 512 << 10
"""What is larger is mapped by itself; a column of a sample rarely is."""

_MOST_THREADS: Final = 8
"""Number of threads of the monitor with everything in use."""


def of(error: BaseException) -> MontaukError | None:
    """Return the error about the shortage, None for other failures."""
    for cause in _causes(error):
        lack = _lack(cause)
        if lack is not None:
            return MontaukError(*lack)
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _lack(error: BaseException) -> tuple[str, str] | None:
    if isinstance(error, MemoryError):
        return _MEMORY
    if isinstance(error, OSError):
        return _ERRORS.get(error.errno or 0)
    said = str(error).lower()
    if isinstance(error, RuntimeError) and _NO_THREAD in said:
        return _THREADS
    if isinstance(error, ImportError) and any(text in said for text in _NO_ROOM):
        return _MEMORY
    is_unsaid = any(isinstance(error, it) and text in said for it, text in _UNSAID)
    return _MEMORY if is_unsaid and _is_limited() else None


def _is_limited() -> bool:
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


def check_address_space() -> None:
    """Check a limit of the address space before numpy is imported.

    Raises:
        MontaukError: It is too low.
    """
    limit_bytes, _ = resource.getrlimit(resource.RLIMIT_AS)
    if resource.RLIM_INFINITY != limit_bytes < _LEAST_ADDRESS_SPACE_BYTES:
        raise MontaukError(*_MEMORY)


def try_threads() -> None:
    """Check that the monitor's threads can be started, before the screen is set up.

    Raises:
        MontaukError: They cannot be started.
    """
    threading.stack_size(_STACK_BYTES)
    _keep_heap_small()
    done = threading.Event()
    try:
        for _ in range(_MOST_THREADS):
            # Thread.start() waits forever for a thread that dies at once.
            _thread.start_new_thread(done.wait, ())
    except (RuntimeError, MemoryError) as error:
        raise MontaukError(*_THREADS) from error
    finally:
        done.set()


def _keep_heap_small() -> None:
    """Let large blocks go back to the kernel when they are freed.

    The C library raises both limits to the largest block freed so far.
    """
    with suppress(AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        # Otherwise each thread reserves 64 MiB of address space for its heap.
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_M_TRIM_THRESHOLD, 2 * _LARGE_BYTES)
