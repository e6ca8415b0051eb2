"""A day of recording in a moment: retention, thinning, and every exit that is left."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from montauk_tui.model.sample import Sample
from montauk_tui.recorder import merging
from montauk_tui.recorder import writer as writing
from montauk_tui.recorder.folder import Created, Folder
from montauk_tui.recorder.retention import Limits, Retention
from montauk_tui.recorder.thinning import thin
from montauk_tui.recorder.writer import Writer
from tests.support.builders import TIME_S
from tests.support.busy import LOOKUPS, samples
from tests.support.recordings import frames_of, read, samples_of

HOUR_S = 3600
DAY_S = 24 * HOUR_S
STEP_S = 120
KEY_S = 600.0
"""In place of a minute: a sample takes as long as a second's would."""
LIMITS = Limits(age_s=15 * HOUR_S, size_bytes=5_000_000, full_s=6 * HOUR_S)


def exits_of(some: list[Sample]) -> list[tuple[int, int]]:
    return [
        pair
        for one in some
        if one.exits is not None
        for pair in zip(
            one.exits.pid.tolist(), one.exits.utime_ns.tolist(), strict=True
        )
    ]


class Checks:
    """Looks at the folder whenever there is another segment."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now_s = TIME_S
        self.made = 0
        create = Folder.create

        def checked(folder: Folder, wall_s: float, boot_id: str) -> Created:
            stored = folder.segments()
            total = sum(one.size for one in stored)
            assert total + writing.SEGMENT_BYTES <= LIMITS.size_bytes
            for one in stored:
                assert one.modified_ns >= (self.now_s - LIMITS.age_s) * 1e9
            self.made += 1
            return create(folder, wall_s, boot_id)

        patch.setattr(Folder, "create", checked)

    def clock_ns(self) -> int:
        return int(self.now_s * 1e9)


def test_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thinned in this process, as another one for each hour would take long.

    After each segment the test waits for it, so that its end is always the same.
    """

    def rewritten(self: Retention, name: str) -> int:
        thin(self._folder, name)
        return 0

    monkeypatch.setattr(Retention, "_rewritten", rewritten)
    monkeypatch.setattr(writing, "SEGMENT_BYTES", 500_000)
    monkeypatch.setattr(writing, "KEY_S", KEY_S)
    monkeypatch.setattr(merging, "MERGED_S", KEY_S)
    made = [one for at in range(0, DAY_S, STEP_S) for one in samples(1, first=at)]
    checks, (first,) = Checks(monkeypatch), frames_of(made[:1], LOOKUPS)
    folder = Folder.made(tmp_path / "it")
    with closing(Writer(folder, LIMITS, clock_ns=checks.clock_ns)) as writer:
        for sample in made:
            checks.now_s, before = sample.time_s, checks.made
            writer.take(replace(first, sample=sample), 0)
            assert writer.failure == ""
            if checks.made > before:
                writer.retention.wait()
    assert checks.made == DAY_S / HOUR_S
    recording = read(tmp_path / "it")
    assert recording.complaints == []
    kept = samples_of(recording)
    # Fifteen hours and the one that was written, of which six and some are in full.
    oldest_s, now_s = kept[0].time_s, made[-1].time_s
    assert now_s - LIMITS.age_s - 2 * HOUR_S <= oldest_s <= now_s - LIMITS.age_s
    counts = [recording[number].samples for number in range(len(recording))]
    places = [at for at, count in enumerate(counts) if count > 1]
    full_s = now_s - recording.wall_s[max(places) + 1]
    assert LIMITS.full_s - HOUR_S <= full_s <= LIMITS.full_s + 2 * HOUR_S
    assert max(counts) == KEY_S / STEP_S
    assert sum(counts) == sum(one.time_s >= oldest_s for one in made)
    assert exits_of(kept) == exits_of([one for one in made if one.time_s >= oldest_s])
