"""Recordings on disk as moments: segments of one host, in the order of time."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np

from montauk_tui.descriptors import raise_limit
from montauk_tui.engine.units import date_text
from montauk_tui.errors import MomentDamaged, MontaukError, UsageError
from montauk_tui.model.recording import Moment, Timeline
from montauk_tui.model.schema import Floats, Ints
from montauk_tui.model.text import clean_text, quoted
from montauk_tui.recorder.blocks import bounded
from montauk_tui.recorder.decoder import Decoder
from montauk_tui.recorder.encoder import TABLES
from montauk_tui.recorder.folder import Folder
from montauk_tui.recorder.heads import Schema
from montauk_tui.recorder.layout import MOST_RUNS, BadFrame, Kind
from montauk_tui.recorder.meant import begin_at, end_at
from montauk_tui.recorder.notes import note_of
from montauk_tui.recorder.plain import read_json
from montauk_tui.recorder.segment import Entries, Segment
from montauk_tui.recorder.times import read_moment

_MOST_COLUMNS: Final = 1_000

_OTHER_FILES: Final = 256
"""That may be open beside those of the segments."""

_NEVER_NS: Final = 1 << 63

_KEEP_EVERY: Final = 8
_MOST_KEPT: Final = 16
"""Of the states of a decoder: two minutes; 1.5 MB each at 5,000 processes."""


class NoRecording(MontaukError):
    """There is nothing to play."""


class RecordedOn(NamedTuple):
    """The machine that a segment was recorded on."""

    hostname: str
    machine_id: str
    boot_id: str
    kernel: str = ""
    architecture: str = ""


class Part(NamedTuple):
    """A segment, and what its head says."""

    segment: Segment
    host: RecordedOn
    schema: Schema
    run: int = 0
    """A number of the run of the recorder."""


class Begin(NamedTuple):
    """When a segment begins: in which boot, and by its clock that nobody sets."""

    machine_id: str
    boot_id: str
    monotonic_ns: int


class DiskRecording:
    """The moments of a host in a folder.

    `complaints` has a line for each segment that cannot be read, and for a part that
    does not begin as it was asked for.
    """

    def __init__(self, folder: Folder, host: str = "") -> None:
        """Read heads and indexes.

        Args:
            folder: Where the segments are; it can be closed afterwards.
            host: A host name, or the start of a machine id; needed where the folder
                has segments of several.

        Raises:
            NoRecording: There is none, or of several hosts and none was named.
        """
        self.path = folder.path
        self.complaints: list[str] = []
        self.damaged: set[int] = set()
        """Moments that were asked for and cannot be read."""
        parts = self._opened(folder)
        self.host = _chosen([part.host for part in parts], host)
        self._parts = [part for part in parts if _is_same(part.host, self.host)]
        entries = [part.segment.entries for part in self._parts]
        self._ends = np.cumsum([len(one) for one in entries])
        self.index: Entries = np.concatenate(entries)
        """An entry for each moment."""
        if not len(self.index):
            raise NoRecording("the recording has no moment")
        self._decoder: Decoder | None = None
        self._kept: dict[int, tuple[Decoder, int]] = {}
        """States after some moments, with their checksums; the oldest goes first."""
        self._last = -1
        self._crc = 0
        self._moment: Moment | None = None

    def _opened(self, folder: Folder) -> list[Part]:
        parts = []
        segments = folder.segments()
        raise_limit(len(segments) + _OTHER_FILES)
        for stored in segments:
            try:
                parts.append(read_part(Segment(folder.open(stored.name))))
            except (OSError, MontaukError) as error:
                why = error.strerror if isinstance(error, OSError) else error
                self.complaints.append(f"{clean_text(stored.name)}: {why}")
        if not parts:
            reason = self.complaints[0] if self.complaints else "it has no segments"
            raise NoRecording(
                f"there is no recording in {clean_text(folder.path)}: {reason}",
                "record one with montauk record",
            )
        return [parts[place] for place in in_order([*map(begin_of, parts)])]

    @property
    def wall_s(self) -> Floats:
        """Wall clock of each moment."""
        return self.index["wall_ns"] / 1e9

    @cached_property
    def timeline(self) -> Timeline:
        """What the headers say."""
        interval_s, busy, exited, unexplained = self.index["usage"].T.astype(np.float64)
        return Timeline(
            self.wall_s, self.index["monotonic_ns"] / 1e9,
            interval_s, busy, exited, unexplained, self.index["marks"].astype(np.int64),
        )  # fmt: skip

    def close(self) -> None:
        """Close the files."""
        for part in self._parts:
            part.segment.close()

    def part(self, begin: str | None, end: str | None) -> tuple[int, int]:
        """Return the first and the last moment of a part.

        Args:
            begin: A time as of `read_moment`, of which the first is meant where the
                clock showed it more than once; None for the start.
            end: The time after which it ends, of which the last is meant; None for
                the end.

        Raises:
            NoRecording: There is no moment in it.
            UsageError: One of them is no time, or the end is before the begin.
        """
        wall_s, interval_s = self.wall_s, self.index["usage"][:, 0]
        first, last, begin_s = 0, len(wall_s) - 1, 0.0
        if begin is not None:
            asked = read_moment(begin, float(wall_s[-1]))
            first, begin_s, remark, _ = begin_at(asked, wall_s, interval_s)
            self.complaints += [remark] if remark else []
        if end is not None:
            asked = read_moment(end, float(wall_s[-1]))
            last, end_s, remark, is_twice = end_at(asked, wall_s, interval_s)
            # Where nothing was recorded at its end, it ends earlier.
            self.complaints += [remark] if is_twice else []
            if first > last and end_s < begin_s:
                raise UsageError(
                    f"the end {quoted(end)} is before the begin {quoted(begin or '')}",
                    "exchange them",
                )
        if first > last:
            raise NoRecording("nothing was recorded then", self._nearest(first, last))
        return first, last

    def _nearest(self, first: int, last: int) -> str:
        """Return what there is around a time without moments.

        Args:
            first: The first moment after it; their number for none.
            last: The last moment before it; -1 for none.
        """
        wall_s = self.wall_s
        if last < 0 or first == len(wall_s):
            return f"it goes from {date_text(wall_s[0])} to {date_text(wall_s[-1])}"
        before, after = date_text(wall_s[last]), date_text(wall_s[first])
        return f"before it up to {before}, and from {after}"

    def boot(self, number: int) -> str:
        """Return the boot of the machine in which a moment was recorded."""
        return self._parts[self._place(number)[0]].host.boot_id

    def __len__(self) -> int:
        """Return the number of moments."""
        return len(self.index)

    def __getitem__(self, number: int) -> Moment:
        """Return a moment.

        Raises:
            MomentDamaged: It cannot be decoded, or one that it builds on cannot.
        """
        if number == self._last and self._moment is not None:
            return self._moment
        part, first = self._place(number)
        key = self._start(number, first)
        for one in range(self._resumed(key, number), number + 1):
            self._moment = self._decoded(part, one, is_wanted=one == number)
            self._last = one
            if (one - key) % _KEEP_EVERY == 0:
                self._keep(one)
        if self._moment is None:
            self.damaged.add(number)
            raise MomentDamaged(f"sample {number + 1} of the recording is damaged")
        if note := self._note(part, number, is_first=number == first):
            self._moment = replace(self._moment, note=note)
        return self._moment

    def _note(self, part: int, number: int, *, is_first: bool) -> str:
        """Return what was between a moment and the previous one."""
        if not number:
            return ""
        boots = {one.host.boot_id for one in self._parts[max(0, part - 1) : part + 1]}
        return note_of(
            self.index[number - 1],
            self.index[number],
            has_booted=is_first and len(boots) > 1,
        )

    def _place(self, number: int) -> tuple[int, int]:
        """Return the segment of a moment, and the number of its first one."""
        if not 0 <= number < len(self.index):
            raise IndexError(number)
        part = int(np.searchsorted(self._ends, number, side="right"))
        return part, int(self._ends[part] - len(self._parts[part].segment.entries))

    def _start(self, number: int, first: int) -> int:
        """Return the last moment in full up to `number`."""
        kinds = self.index["kind"][first : number + 1]
        keys: Ints = np.flatnonzero(kinds == Kind.KEY)
        return first + (int(keys[-1]) if len(keys) else 0)

    def _resumed(self, key: int, number: int) -> int:
        """Take the nearest state between two moments; return the first to decode."""
        near = max((at for at in self._kept if key <= at < number), default=-1)
        if max(key, near) <= self._last < number:
            return self._last + 1
        if near < 0:
            self._decoder = None
            return key
        decoder, self._crc = self._kept[near]
        self._decoder = copy(decoder)
        return near + 1

    def _keep(self, number: int) -> None:
        """Keep the state after a moment, so that a step back decodes few others."""
        self._kept.pop(number, None)
        if self._decoder is not None:
            self._kept[number] = (copy(self._decoder), self._crc)
        if len(self._kept) > _MOST_KEPT:
            del self._kept[next(iter(self._kept))]

    def _decoded(self, part: int, number: int, *, is_wanted: bool) -> Moment | None:
        """Decode a moment; a damaged one spoils those up to the next in full.

        None where it is damaged, or only wanted for those that build on it.
        """
        entry = self.index[number]
        is_key = bool(entry["kind"] == Kind.KEY)
        if is_key:
            its = self._parts[part]
            self._decoder = Decoder(its.schema, its.run, its.host.boot_id)
        if self._decoder is None:
            return None
        try:
            frame = self._parts[part].segment.frame(int(entry["offset"]))
            if is_key or frame.base == self._crc:
                self._crc = frame.crc
                if is_wanted:
                    return self._decoder.moment(frame.payload, is_key=is_key)
                self._decoder.skip(frame.payload, is_key=is_key)
                return None
        except BadFrame:
            pass
        self._decoder = None
        return None


def read_part(segment: Segment) -> Part:
    """Return a segment with what its head says.

    Raises:
        BadFrame: It has no head, or one that is damaged.
    """
    head = read_json(segment.head_payload)
    host = head.get("host") if isinstance(head, dict) else None
    if not isinstance(host, dict):
        raise BadFrame("a segment does not name its host")
    return Part(
        segment,
        RecordedOn(*(clean_text(host.get(name, "")) for name in RecordedOn._fields)),
        schema_of(head.get("columns")),
        bounded(head.get("run", 0), MOST_RUNS),
    )


def begin_of(part: Part) -> Begin:
    """Return when a segment begins; one without a moment is the last of its boot."""
    entries = part.segment.entries
    first_ns = int(entries["monotonic_ns"][0]) if len(entries) else _NEVER_NS
    return Begin(part.host.machine_id, part.host.boot_id, first_ns)


def in_order(begins: Sequence[Begin]) -> list[int]:
    """Return the places of segments in the order in which they were recorded.

    Their names have the wall clock. Where that was set back a later one may have an
    earlier name: intervals between two in the wrong order would be counted twice.

    Args:
        begins: Of each segment, in the order of their names.
    """
    boots: dict[tuple[str, str], int] = {}

    def key(place: int) -> tuple[int, int]:
        machine_id, boot_id, monotonic_ns = begins[place]
        if not boot_id:
            return place, 0
        return boots.setdefault((machine_id, boot_id), place), monotonic_ns

    return sorted(range(len(begins)), key=key)


def schema_of(columns: Any) -> Schema:
    """Return the names of the columns of each table, in order."""
    if not isinstance(columns, Mapping):
        raise BadFrame("a segment does not name its columns")
    found: dict[str, Sequence[str]] = {}
    for table in TABLES:
        names = columns.get(table)
        if not isinstance(names, Mapping) or len(names) > _MOST_COLUMNS:
            raise BadFrame(f"a segment does not name the columns of {table}")
        found[table] = tuple(names)
    return found


def _chosen(hosts: Sequence[RecordedOn], wanted: str) -> RecordedOn:
    """Return the host that is meant, the last one recorded of its name."""
    fitting = [
        host
        for host in hosts
        if not wanted
        or host.hostname == wanted
        or (host.machine_id and host.machine_id.startswith(wanted))
    ]
    names = ", ".join(sorted({host.hostname for host in hosts}))
    if not fitting:
        raise NoRecording(
            f"there is no recording of host {quoted(wanted)}", f"there is of {names}"
        )
    if any(not _is_same(host, fitting[-1]) for host in fitting):
        raise NoRecording(
            "the folder has recordings of several hosts",
            f"name one with --host: {names}",
        )
    return fitting[-1]


def _is_same(one: RecordedOn, other: RecordedOn) -> bool:
    """Tell whether two segments are of one machine, whenever it booted."""
    if one.machine_id and other.machine_id:
        return one.machine_id == other.machine_id
    return one.hostname == other.hostname
