"""Recordings on disk, and whether what is read is what was recorded."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from montauk_tui.engine.usage.report import Totals
from montauk_tui.engine.usage.sums import Used
from montauk_tui.export.report.reading import part_of, report_of
from montauk_tui.model.frame import CollectorStatus, Frame
from montauk_tui.model.lookups import Lookups
from montauk_tui.model.recording import Moment
from montauk_tui.model.sample import Sample
from montauk_tui.model.tables import Table
from montauk_tui.pipeline.chain import Reading
from montauk_tui.pipeline.frames import FramePipeline
from montauk_tui.recorder.folder import Folder
from montauk_tui.recorder.reader import DiskRecording
from montauk_tui.recorder.retention import Limits
from montauk_tui.recorder.writer import Writer
from tests.support.builders import FakeLookups

PLENTY = Limits(age_s=1e9, size_bytes=1 << 40, full_s=1e9)


def frames_of(samples: Iterable[Sample], lookups: Lookups | None = None) -> list[Frame]:
    """Return the frames of samples made by hand."""
    pipeline, known = FramePipeline(), lookups or FakeLookups()
    status = CollectorStatus("kernel", "made by hand")
    return [pipeline.frame(Reading(one, status, known, 0)) for one in samples]


def write(path: Path, frames: Iterable[Frame], limits: Limits = PLENTY) -> None:
    """Record frames in a folder."""
    with closing(Writer(Folder.made(path), limits)) as writer:
        for frame in frames:
            writer.take(frame, 0)
            assert writer.failure == ""


def read(path: Path, host: str = "") -> DiskRecording:
    """Return the recording in a folder."""
    with closing(Folder.opened(path)) as folder:
        return DiskRecording(folder, host)


def differences(one: Sample, other: Sample) -> list[str]:
    """Return the parts in which two samples differ."""
    found = []
    for field in fields(Sample):
        before, after = getattr(one, field.name), getattr(other, field.name)
        if not _is_same(before, after):
            found.append(field.name)
    return found


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, Table) and isinstance(other, Table):
        names = ("comm", *one.BYTES, *one.FIELDS)
        deaths = [getattr(table, "deaths", None) for table in (one, other)]
        return deaths[0] == deaths[1] and all(
            np.array_equal(getattr(one, name), getattr(other, name)) for name in names
        )
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and bool(
            np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
        )
    if hasattr(one, "__slots__") and type(one) is type(other):
        return all(
            _is_same(getattr(one, name), getattr(other, name)) for name in one.__slots__
        )
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(
            _is_same(value, other[key]) for key, value in one.items()
        )
    return bool(one == other or (one != one and other != other))  # noqa: PLR0124


def samples_of(recording: Sequence[Moment] | DiskRecording) -> list[Sample]:
    """Return all samples of a recording."""
    return [recording[number].sample for number in range(len(recording))]


def report_on(path: Path, by: str) -> tuple[Totals, dict[str, Used]]:
    """Return the report of a recording: totals, and what each group used."""
    recording = read(path)
    report = report_of(recording, part_of(recording, None, None), [by])
    return report.totals, dict(report.groups[by].ordered())
