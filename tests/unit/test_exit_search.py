"""Whether an exit that matches is in a frame."""

from montauk_tui.engine import query
from montauk_tui.engine.exit_search import exits_match
from montauk_tui.model.frame import CollectorStatus, Frame
from montauk_tui.pipeline.chain import Reading
from montauk_tui.pipeline.frames import FramePipeline
from tests.support.builders import FakeLookups, make_sample
from tests.support.exits import make_exits


def last(exits: list[dict[str, object]] | None) -> Frame:
    pipeline, status = FramePipeline(), CollectorStatus("kernel", "")
    samples = [
        make_sample([{"pid": 1}], exits=make_exits([{"pid": 7, "comm": "before"}])),
        make_sample(
            [{"pid": 1}],
            after_s=1.0,
            exits=None if exits is None else make_exits(exits),
        ),
    ]
    frames = [
        pipeline.frame(Reading(one, status, FakeLookups({}), 0)) for one in samples
    ]
    return frames[-1]


def test_only_exits_of_the_interval_count() -> None:
    frame = last([{"pid": 8, "comm": "cc1", "exit_code": 1}])
    assert exits_match(query.parse("cc1"), frame)
    assert exits_match(query.parse("exit = 1"), frame)
    assert exits_match(query.parse(""), frame)
    assert not exits_match(query.parse("before"), frame)


def test_without_exits_nothing_matches() -> None:
    assert not exits_match(query.parse(""), last([]))
    assert not exits_match(query.parse(""), last(None))
