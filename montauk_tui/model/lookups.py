"""Values that cost a file each, looked up for the rows that need them."""

from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol

from montauk_tui.model.details import Details
from montauk_tui.model.interpreters import script_of
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import Bools
from montauk_tui.model.text import clean

CMDLINE_BYTES: Final = 1 << 17
"""How much of an argument vector is kept: MAX_ARG_STRLEN, the longest argument."""

MOST_AGE_S: Final = 5.0
"""How old the command lines are that filters and exports use: a process may rewrite its
arguments at any time, without an exec (setproctitle(3))."""

_COMM_BYTES: Final = 15
"""Longest name of a process other than a kernel thread."""


class Command(NamedTuple):
    """A sanitised command line and where in it the program's own name stands."""

    text: str
    name_start: int
    name_end: int
    script: tuple[int, int, int] | None = None
    """Of an interpreter: starts of the script's path and name, and its end."""


def command_from_comm(comm: bytes, *, bracketed: bool) -> Command:
    """Return the command of a process without arguments: its name.

    Brackets mark a kernel thread or a zombie, as in ps(1).
    """
    name = clean(comm)
    return (
        Command(f"[{name}]", 1, 1 + len(name))
        if bracketed
        else Command(name, 0, len(name))
    )


def command_from_cmdline(raw: bytes) -> Command:
    """Return the command of the NUL-separated argument vector `raw`.

    A process that overwrites its arguments with a title (setproctitle(3)) has one
    argument with spaces in it: its name ends at the first.
    """
    program, _, _ = raw.partition(b"\0")
    directory, slash, name = program.rpartition(b"/")
    if not program.startswith((b"/", b".")):
        directory, slash, name = b"", b"", program.partition(b" ")[0]
    name_start = len(clean(directory + slash))
    text = clean(raw.rstrip(b"\0 ").replace(b"\0", b" "))
    name_end = min(len(text), name_start + len(clean(name)))
    script = script_of(raw)
    if script is None:
        return Command(text, name_start, name_end)
    start, name_at, end = (len(clean(raw[:at].replace(b"\0", b" "))) for at in script)
    return Command(text, name_start, name_end, (start, name_at, end))


def other_name(command: Command, comm: bytes) -> str:
    """Return the name of a process if it differs from the command's program, else "".

    The kernel keeps 15 bytes of a program's name (TASK_COMM_LEN); prctl(2) sets any.
    """
    name = clean(comm)
    text, start, end, _ = command
    program = text[start:end]
    is_cut = len(comm) >= _COMM_BYTES and program.startswith(name)
    return "" if name == program or is_cut else name


class Lookups(Protocol):
    """Strings and gauges of single processes, cached by identity.

    Every method may be called from any thread. None and NaN mean unknown: the process
    has exited, or reading is not permitted.
    """

    def command(self, identity: Identity, comm: bytes) -> Command:
        """Return the command line at this sample, read if necessary."""
        ...

    def known_command(self, identity: Identity, comm: bytes) -> Command:
        """Return the command line as far as it is known without reading anything."""
        ...

    def known_texts(self, table: ProcessTable) -> list[str]:
        """Return the text of `known_command` for each row of a table."""
        ...

    def cmdline(self, identity: Identity) -> bytes | None:
        """Return the NUL-separated argument vector; empty for a kernel thread.

        At most 5 s old, and at most CMDLINE_BYTES of it: see `cut_rows`.
        """
        ...

    def cut_rows(self, table: ProcessTable) -> Bools:
        """Tell which rows have a longer argument vector than is kept."""
        ...

    def user(self, uid: int) -> str:
        """Return the sanitised user name, or the number where there is none (yet)."""
        ...

    def shared_bytes(self, identity: Identity) -> float:
        """Return the resident shared memory."""
        ...

    def gauge(self, name: str, identity: Identity) -> float:
        """Return a number of a process; a cheap one is read in every sample.

        An expensive one may be some seconds old, or not be known yet.
        """
        ...

    def label(self, name: str, identity: Identity) -> str:
        """Return a text of a process, sanitised; empty where it is unknown."""
        ...

    def known_gauges(self, name: str, whose: Iterable[tuple[int, int]]) -> list[float]:
        """Return a number of each, as far as it is known without reading."""
        ...

    def known_labels(self, name: str, whose: Iterable[tuple[int, int]]) -> list[str]:
        """Return a text of each, as far as it is known without reading."""
        ...

    def cgroup(self, number: int) -> str:
        """Return the sanitised path of a cgroup (version 2), or its number."""
        ...

    def details(self, identity: Identity) -> Details | None:
        """Return everything known about one process, read now: some milliseconds."""
        ...
