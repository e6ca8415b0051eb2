"""Makes an old segment small: one moment a minute, with all events of that minute."""

import os
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from montauk_tui.model.recording import Answers, Moment
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import Bools
from montauk_tui.recorder.decoder import Decoder
from montauk_tui.recorder.encoder import Encoder, schema
from montauk_tui.recorder.folder import Folder
from montauk_tui.recorder.layout import THINNED, BadFrame, Kind
from montauk_tui.recorder.merging import groups, marks_of, merged, usage_of
from montauk_tui.recorder.plain import read_json
from montauk_tui.recorder.reader import schema_of
from montauk_tui.recorder.segment import Segment, SegmentWriter, StoredFrame

_KEY_EVERY: Final = 10
"""One in so many moments is stored in full, the others as differences."""


def thin(folder: Folder, name: str) -> None:
    """Write the small form of a segment, beside it: `Folder.replace` puts it there.

    A segment with damage is left alone, and so is one of a newer montauk, which may
    have what this one would drop.

    Raises:
        BadFrame: The segment has damage, or more than this version knows.
        OSError: There is no room.
    """
    segment = Segment(folder.open(name))
    try:
        head = _head(segment)
        descriptor = folder.create_beside(name)
        try:
            _write(descriptor, head, segment)
        except BaseException:
            folder.discard(name)
            raise
    finally:
        segment.close()


def _head(segment: Segment) -> dict[str, Any]:
    head = read_json(segment.head_payload)
    known = schema()
    for table, names in schema_of(head.get("columns")).items():
        if unknown := set(names) - known[table].keys():
            raise BadFrame(f"a segment has an unknown column {min(unknown)}")
    return {**head, "columns": known, THINNED: True}


def _write(descriptor: int, head: dict[str, Any], segment: Segment) -> None:
    """Write the small form into a new file, which is closed."""
    try:
        writer = SegmentWriter(descriptor, head)
    except BaseException:
        os.close(descriptor)
        raise
    encoder, at = Encoder(), 0
    try:
        for number, group in enumerate(groups(_moments(segment))):
            if number % _KEY_EVERY == 0:
                encoder.start_anew()
            is_key, moment = encoder.is_key, merged(group)
            payload = encoder.payload(
                moment.sample, _Texts(moment.answers), moment.source, moment.opening,
                moment.samples,
            )  # fmt: skip
            entries = segment.entries[at : at + len(group)]
            at += len(group)
            writer.append(
                StoredFrame(
                    Kind.KEY if is_key else Kind.DIFFERENCE,
                    payload,
                    int(entries[-1]["monotonic_ns"]),
                    int(entries[-1]["wall_ns"]),
                    usage_of(entries),
                    marks_of(entries),
                )
            )
    except BaseException:
        writer.close()
        raise
    writer.close(durably=True)


def _moments(segment: Segment) -> Iterator[Moment]:
    """Yield all moments of a segment.

    Raises:
        BadFrame: One is damaged, or has facts that this version does not know.
    """
    decoder: Decoder | None = None
    base = 0
    for entry in segment.entries:
        frame = segment.frame(int(entry["offset"]))
        is_key = bool(entry["kind"] == Kind.KEY)
        if is_key:
            decoder = Decoder(schema_of(read_json(segment.head_payload)["columns"]))
        elif decoder is None or frame.base != base:
            raise BadFrame("a difference has nothing to build on")
        base = frame.crc
        yield decoder.moment(frame.payload, is_key=is_key)
        if unknown := decoder.unknown_facts():
            raise BadFrame(f"a segment has an unknown fact {min(unknown)}")


class _Texts:
    """Texts for an encoder, from the answers that were recorded."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def cmdline(self, identity: Identity) -> bytes | None:
        arguments = self._answers.arguments.get(identity)
        return None if arguments is None else arguments.raw

    def cut_rows(self, table: ProcessTable) -> Bools:
        known = self._answers.arguments
        whose = map(Identity._make, table.pairs())
        cut = (who in known and known[who].is_cut for who in whose)
        return np.fromiter(cut, np.bool_, len(table))

    def user(self, uid: int) -> str:
        return self._answers.users.get(uid, str(uid))

    def cgroup(self, number: int) -> str:
        return self._answers.cgroups.get(number, "")
