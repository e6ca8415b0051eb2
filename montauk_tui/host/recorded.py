"""A host that was recorded: its processes can be looked at, and not acted on."""

from typing import Final

from montauk_tui.pipeline.frames import FrameSource


class RecordedHost(FrameSource):
    """Frames from a collector that replays."""

    actions: Final = None
