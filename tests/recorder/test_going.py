"""Where one gets in a recording of which some samples are damaged, and by a search."""

from pathlib import Path

import pytest

from montauk_tui.host.base import Place, Sought
from montauk_tui.host.recorded import RecordedHost
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Need
from montauk_tui.recorder import writer as writing
from montauk_tui.recorder.folder import SUFFIX
from montauk_tui.recorder.layout import HEADER_BYTES
from tests.support.builders import MONOTONIC_S, TIME_S, make_sample
from tests.support.exits import make_exits
from tests.support.recordings import frames_of, read, write


def has_exit(frame: Frame) -> bool:
    exits = frame.sample.exits
    return exits is not None and len(exits) > 0


EXIT = Sought("exit", matches=has_exit)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(writing, "KEY_S", 0.0)
    return tmp_path / "it"


def recorded(path: Path, damaged: set[int], exits: set[int]) -> RecordedHost:
    """Return a recording of eight samples, each of them in full."""
    made = [
        make_sample(after_s=float(at), exits=make_exits([{"pid": 9}] * (at in exits)))
        for at in range(8)
    ]
    write(path, frames_of(made))
    (segment,) = path.glob(f"*{SUFFIX}")
    data = bytearray(segment.read_bytes())
    for number in damaged:
        data[int(read(path).index["offset"][number]) + HEADER_BYTES] ^= 0xFF
    segment.write_bytes(data)
    return RecordedHost(read(path))


def shown(host: RecordedHost, place: Place) -> tuple[float, str]:
    host.go(place)
    frame = host.past_frame(Need.NONE)
    return frame.sample.monotonic_s - MONOTONIC_S, frame.remark


BACK, ON = (Place(samples=step, sought=EXIT) for step in (-1, 1))


@pytest.mark.parametrize(
    ("begin", "place", "damaged", "exits", "expected"),
    [
        # The first one is searched itself, not the one after it again.
        (1, BACK, set(), {1}, (1, "no exit before this")),
        (2, BACK, set(), {0, 2}, (0, "")),
        # A damaged one is passed over, and what follows it is not taken for it.
        (0, ON, {3}, {4}, (4, "")),
        (0, ON, {4}, {4, 6}, (6, "")),
        (6, BACK, {4}, {3, 5}, (5, "")),
        (6, BACK, {2, 3}, {3, 1}, (1, "")),
        (0, ON, {5, 6, 7}, {6}, (0, "no exit after this")),
        # Where nothing can be read up to the end, the last that can be is shown.
        (0, Place(samples=99), {6, 7}, set(), (5, "")),
        (0, Place(samples=6), {5, 6, 7}, set(), (4, "")),
        (0, Place(samples=6), {6}, set(), (7, "")),
    ],
)  # fmt: skip
def test_where_one_gets(
    folder: Path,
    begin: int,
    place: Place,
    damaged: set[int],
    exits: set[int],
    expected: tuple[float, str],
) -> None:
    host = recorded(folder, damaged, exits)
    assert shown(host, Place(samples=begin + 1)) == (begin, "")
    assert shown(host, place) == expected


def test_a_sum_leaves_out_what_is_damaged(folder: Path) -> None:
    host = recorded(folder, {2, 6, 7}, {1, 3, 5})
    host.go(Place(samples=99))
    host.past_frame(Need.NONE)
    host.go(Place(since_s=TIME_S))
    frame = host.past_frame(Need.NONE)
    assert frame.sample.monotonic_s == MONOTONIC_S + 5
    assert frame.sample.exits is not None
    assert len(frame.sample.exits) == 3
