"""Recording of the monitor, which a key turns on and off."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from montauk_tui.model.frame import Frame
from montauk_tui.model.text import named

# Only some want that.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from montauk_tui.recorder.writer import Writer


class RecordingSwitch:
    """Records frames while it is on; used by any thread."""

    def __init__(self, folder: str | None) -> None:
        """Start off; `folder` is where to record, None or empty for the usual one."""
        self._folder = folder
        self._writer: Writer | None = None
        self._lock = threading.Lock()

    def turn(self) -> str:
        """Turn it on or off; return in one line what happens.

        Raises:
            CannotRecord: The folder cannot take recordings.
        """
        from montauk_tui.recorder.folder import Folder, default_path
        from montauk_tui.recorder.retention import Limits
        from montauk_tui.recorder.writer import Writer

        path = Path(self._folder) if self._folder else default_path()
        if self._writer is None:
            writer = Writer(Folder.made(path), Limits())
            with self._lock:
                self._writer = writer
            return f"recording to {named(path)}"
        return f"{self.close():,} samples recorded in {named(path)}"

    def take(self, frame: Frame, opening: int) -> str:
        """Record a frame if it is on; return `Frame.recording`."""
        with self._lock:
            return "" if self._writer is None else self._writer.take(frame, opening)

    def close(self) -> int:
        """Turn it off; return how many samples were recorded."""
        with self._lock:
            writer, self._writer = self._writer, None
            if writer is None:
                return 0
            writer.close()
            return writer.taken
