"""Messages from other threads to the screen."""

from textual.message import Message

from montauk_tui.errors import MontaukError
from montauk_tui.model.frame import Frame


class FrameReady(Message):
    """A new frame; it replaces one that is still queued."""

    def __init__(self, frame: Frame) -> None:
        """Carry the frame."""
        super().__init__()
        self.frame = frame

    def can_replace(self, message: Message) -> bool:
        """Tell Textual to drop an older frame that was not handled yet."""
        return isinstance(message, FrameReady)


class SamplingFailed(Message):
    """The collector can no longer sample."""

    def __init__(self, error: MontaukError) -> None:
        """Carry the reason."""
        super().__init__()
        self.error = error
