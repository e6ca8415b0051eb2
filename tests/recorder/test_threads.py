"""A recorder that gets no thread."""

import os
import threading
from contextlib import closing
from pathlib import Path

import pytest

from montauk_tui.model.frame import RECORDING
from montauk_tui.recorder.folder import Folder
from montauk_tui.recorder.writer import Writer
from tests.support.builders import make_sample
from tests.support.recordings import PLENTY, frames_of, read, samples_of


def test_it_records_without_writing_out_in_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    monkeypatch.setattr(threading.Thread, "start", refuse)
    made = [make_sample([{"pid": 1}], after_s=at * 61.0) for at in range(5)]
    with closing(Writer(Folder.made(tmp_path / "it"), PLENTY)) as writer:
        frames = frames_of(made)
        assert writer.take(frames[0], 0) == RECORDING
        before = descriptors()
        assert {writer.take(frame, 0) for frame in frames[1:]} == {RECORDING}
        assert descriptors() == before
    assert len(samples_of(read(tmp_path / "it"))) == len(made)
