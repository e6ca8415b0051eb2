"""Command lines of processes, none older than the caller permits."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import numpy as np

from montauk_tui.collectors.procfs.row_files import RowFiles
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.model.join import find
from montauk_tui.model.lookups import (
    CMDLINE_BYTES,
    MOST_AGE_S,
    Command,
    command_from_cmdline,
)
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import UNKNOWN

Read = Callable[[Identity, str, int], bytes]
"""Reads the start of a file of a process, given its name and most bytes."""

_ALL_LONG_BYTES: Final = 1 << 25
"""Memory limit of all long command lines together; further ones are cut."""

_USUAL_BYTES: Final = 4096
"""Longer ones are long: they take more than one reading."""


class CommandLine:
    """An argument vector as it was at one time."""

    __slots__ = ("_command", "is_cut", "raw", "read_s")

    def __init__(
        self, raw: bytes, read_s: float, *, is_cut: bool, command: Command | None = None
    ) -> None:
        """Take what was read at CLOCK_MONOTONIC `read_s`."""
        self.raw, self.read_s, self.is_cut = raw, read_s, is_cut
        self._command = command

    @property
    def command(self) -> Command | None:
        """What is shown of it; None where there are no arguments.

        Made when first asked for: most lines are read for exits, and never shown.
        """
        if self._command is None and self.raw.strip(b"\0 "):
            self._command = command_from_cmdline(self.raw)
        return self._command

    def read_again(self, read_s: float) -> "CommandLine":
        """Return the same line, read later."""
        return CommandLine(self.raw, read_s, is_cut=self.is_cut, command=self._command)


class CommandLines:
    """Reads command lines and keeps them. Every method may be called by any thread."""

    def __init__(self, root: ProcRoot, files: RowFiles | None = None) -> None:
        """Read below `root`; `files` keeps those of the rows on the screen open."""
        self._root, self._files = root, files
        self._read_row = files.read if files is not None else self._read_once
        self._known: dict[Identity, CommandLine] = {}
        self._cut: set[Identity] = set()
        self._long: dict[Identity, int] = {}
        self._long_bytes = 0
        self._counting = threading.Lock()
        self._sample_s = self._refreshed_s = time.monotonic()
        self._shown: set[Identity] = set()
        """Those whose present line was asked for since this sample."""
        self._to_read_again: set[Identity] = set()
        """The same of the sample before."""
        self._exact: ProcessTable | None = None
        """The processes of this sample, if their CPU times are exact."""
        self._cpu_time: dict[Identity, int] = {}
        """Of the rows on the screen, when their lines were last known to be present."""
        self._asleep: frozenset[Identity] = frozenset()
        """Those whose lines are present without being read again, at `_asleep_at_s`."""
        self._asleep_at_s = self._sample_s

    def present(self, identity: Identity) -> CommandLine | None:
        """Return the line at this sample; None if it cannot be read."""
        if self._to_read_again:
            self._read_again()
        self._shown.add(identity)
        known = self._known.get(identity)
        if known is not None and (
            known.read_s >= self._sample_s
            or (identity in self._asleep and self._asleep_at_s == self._sample_s)
        ):
            return known
        return self._read(identity, known, self._read_row)

    def _read_again(self) -> None:
        """Note which of the rows last shown still have the same line.

        Most have: to find that out for all together is the short way.
        """
        sample_s, now_s = self._sample_s, time.monotonic()
        rows, self._to_read_again = self._to_read_again, set()
        if self._files is None:
            return
        asleep = self._have_not_run(list(rows), now_s)
        texts = self._files.read_kept(rows - asleep, "cmdline", _USUAL_BYTES)
        self._files.keep(asleep, "cmdline")
        self._asleep, self._asleep_at_s = asleep, sample_s
        for identity, raw in texts.items():
            known = self._known.get(identity)
            if known is not None and raw == known.raw and len(raw) < _USUAL_BYTES:
                self._known[identity] = known.read_again(now_s)

    def _have_not_run(self, rows: list[Identity], now_s: float) -> frozenset[Identity]:
        """Return who has used no CPU time since its line was known to be present.

        It cannot have rewritten its arguments. A debugger can, or a process with the
        same memory (CLONE_VM), so after MOST_AGE_S a line is read in any case.
        """
        if self._exact is None:
            return frozenset()
        table, before = self._exact, self._cpu_time
        pids, starts = np.array(rows, dtype=np.int64).T
        row, found = find(table, pids, starts)
        user, system = table.utime[row], table.stime[row]
        found &= (user != UNKNOWN) & (system != UNKNOWN)
        every = zip(rows, found.tolist(), (user + system).tolist(), strict=True)
        self._cpu_time = {who: cpu for who, is_known, cpu in every if is_known}
        known = self._known
        return frozenset(
            who
            for who, cpu in self._cpu_time.items()
            if before.get(who) == cpu
            and (line := known.get(who)) is not None
            and line.read_s > now_s - MOST_AGE_S
        )

    def recent(self, identity: Identity) -> CommandLine | None:
        """Return a line at most MOST_AGE_S old; None if it cannot be read."""
        known = self._known.get(identity)
        if known is not None and known.read_s >= time.monotonic() - MOST_AGE_S:
            return known
        return self._read(identity, known, self._read_once)

    def known(self, identity: tuple[int, int]) -> CommandLine | None:
        """Return the line that was read last, however old, or None."""
        return self._known.get(identity)  # type: ignore[call-overload,no-any-return]

    def missing(self, whose: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return those processes whose lines were not read yet."""
        known = self._known
        return [identity for identity in whose if identity not in known]

    @property
    def cut(self) -> frozenset[Identity]:
        """Processes whose command lines are cut."""
        return frozenset(self._cut)

    def refresh(self, whose: Iterable[Identity]) -> None:
        """Read those that are missing, or would be too old at the next sample.

        Some more are read each time, the oldest first, so that they do not all become
        old at once.
        """
        now_s = time.monotonic()
        passed_s = now_s - self._refreshed_s
        self._refreshed_s = now_s
        known = self._known
        old: list[tuple[float, Identity]] = []
        for identity in whose:
            line = known.get(identity)
            if line is None:
                self._read(identity, None, self._read_once)
            else:
                old.append((line.read_s, identity))
        quota = len(old) * passed_s / MOST_AGE_S
        for place, (read_s, identity) in enumerate(sorted(old)):
            if place + 1 > quota and read_s + MOST_AGE_S > now_s + passed_s:
                break
            self._read(identity, known.get(identity), self._read_once)

    def begin_sample(self, exact: ProcessTable | None = None) -> None:
        """Mark all lines read so far as older than the present sample.

        Args:
            exact: Its processes, if every moment that they run is in their CPU times.
        """
        self._exact = exact
        self._sample_s = time.monotonic()
        self._to_read_again, self._shown = self._shown, set()

    def forget(self, whose: Iterable[tuple[int, int]]) -> None:
        """Drop the lines of processes."""
        for identity in [Identity(*one) for one in whose if one in self._known]:
            self._known.pop(identity, None)
            self._count(identity, 0, is_cut=False)

    def __iter__(self) -> Iterator[Identity]:
        """Return the processes whose command lines are kept."""
        return iter(list(self._known))

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._known)

    def _read(
        self, identity: Identity, known: CommandLine | None, read: Read
    ) -> CommandLine | None:
        """Return the present line of a process; the known one if it has exited.

        The start time is checked after reading: only then the text is known not to
        belong to a process that took the pid over. A zombie has no arguments any more:
        what it had stays.
        """
        now_s = time.monotonic()
        try:
            raw, is_cut = self._bytes(identity, read)
        except OSError:
            return known
        if known is not None and (
            not raw or (raw, is_cut) == (known.raw, known.is_cut)
        ):
            line = self._known[identity] = known.read_again(now_s)
            return line
        if not self._root.is_alive(identity):
            return known
        # In one step: another thread finds the old line or this one.
        line = self._known[identity] = CommandLine(raw, now_s, is_cut=is_cut)
        self._count(identity, len(raw), is_cut=is_cut)
        return line

    def _read_once(self, identity: Identity, name: str, limit: int) -> bytes:
        return self._root.read(f"{self._root.folder(identity.pid)}/{name}", limit)

    def _count(self, identity: Identity, size: int, *, is_cut: bool) -> None:
        """Account for the memory of a line, and note whether it is cut."""
        with self._counting:
            self._long_bytes -= self._long.pop(identity, 0)
            if size > _USUAL_BYTES:
                self._long[identity] = size
                self._long_bytes += size
            if is_cut:
                self._cut.add(identity)
            else:
                self._cut.discard(identity)

    def _bytes(self, identity: Identity, read: Read) -> tuple[bytes, bool]:
        """Return the arguments, or the title that replaced them, and whether cut.

        The kernel knows a title that goes on into the room of the environment
        (get_mm_cmdline in fs/proc/base.c). Empty arguments at the end are no loss, nor
        are the zeros behind a title. What a process has of the room for
        long lines is its own: its line is not cut at the next reading.
        """
        raw = read(identity, "cmdline", _USUAL_BYTES)
        if len(raw) < _USUAL_BYTES:
            return raw, False
        others = self._long_bytes - self._long.get(identity, 0)
        most = min(max(_ALL_LONG_BYTES - others, _USUAL_BYTES), CMDLINE_BYTES)
        path = f"{self._root.folder(identity.pid)}/cmdline"
        raw = self._root.read_lists(path, most + _USUAL_BYTES)
        return raw[:most], bool(raw[most:].strip(b"\0"))
