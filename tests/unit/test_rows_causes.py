"""Why the cause of a death is unknown."""

from dataclasses import replace

import numpy as np
import pytest

from montauk_tui.engine.rows.causes import why_unknown
from tests.support.builders import make_frame, make_sample


@pytest.mark.parametrize(
    ("status", "was_parent", "sees_signals", "reason"),
    [
        (9, 0.0, False, "replay does not see who sends signals"),
        (9, 0.0, True, "its signal was not recorded"),
        (9, 1.0, True, "no longer kept"),
        (256, 0.0, True, ""),
    ],
)
def test_the_reason_is_said(
    status: int, was_parent: float, *, sees_signals: bool, reason: str
) -> None:
    sample = replace(make_sample([{"pid": 7}]), sees_signals=sees_signals)
    extra = {
        "exit_status": np.array([float(status)]),
        "exited_parent": np.array([was_parent]),
    }
    frame = replace(make_frame(None, sample), extra=extra)
    assert why_unknown(frame, 0) == reason
