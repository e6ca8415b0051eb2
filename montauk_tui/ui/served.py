"""The screen in a browser: textual-serve starts the monitor and carries its screen.

Keys and pictures go through pipes, in the packets of Textual's web driver; the browser
is a terminal (xterm.js). docs/web.md says how to serve, and what to be careful of.
"""

import os
from typing import Any

from textual import messages
from textual.app import App
from textual.drivers.web_driver import WebDriver

from montauk_tui import streams


class ServedDriver(WebDriver):
    """Sends the screen to textual-serve; ends the monitor when that is gone."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        """Make the driver of an app; the browser's size is in COLUMNS and ROWS."""
        environment = os.environ
        size = streams.bounded(environment.get("COLUMNS"), environment.get("ROWS"))
        super().__init__(app, **{**options, "size": size})

    def on_meta(self, packet_type: str, payload: dict[str, object]) -> None:
        """Take what textual-serve says; a size is whatever the browser claims."""
        if packet_type == "resize":
            width, height = streams.bounded(payload.get("width"), payload.get("height"))
            payload = {"width": width, "height": height}
        super().on_meta(packet_type, payload)

    def run_input_thread(self) -> None:
        """Read packets until the end, and end the monitor with them."""
        super().run_input_thread()
        self._app.post_message(messages.ExitApp())
