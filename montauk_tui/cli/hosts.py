"""The host of a command: this machine, or a recording."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from montauk_tui import streams
from montauk_tui.collectors import registry
from montauk_tui.config import Settings
from montauk_tui.engine.units import counted
from montauk_tui.export.waiting import Waiting
from montauk_tui.host.base import Host
from montauk_tui.host.local import LocalHost
from montauk_tui.host.recorded import RecordedHost
from montauk_tui.model.recording import Moments
from montauk_tui.model.text import named

if TYPE_CHECKING:
    from montauk_tui.recorder.reader import DiskRecording

# Only what reads a recording needs to decompress.
# ruff: noqa: PLC0415


def this_machine(
    settings: Settings,
    on_wait: registry.OnWait | None = None,
    *,
    is_shown: bool = True,
) -> LocalHost:
    """Open the collector that the user wants, or else the best one.

    `on_wait` is called about every second meanwhile; without it, a report goes to
    stderr now and then.

    Raises:
        MontaukError: It does not open.
    """
    if on_wait is None:
        on_wait = Waiting(is_forced=settings.collector is not None)
    opened = registry.open_collector(settings.collector, on_wait)
    return LocalHost(opened, is_shown=is_shown)


def wanted_host(
    options: argparse.Namespace,
    settings: Settings,
    on_wait: registry.OnWait | None = None,
    lead: int = 0,
) -> Host:
    """Open this machine, or the recording that the options name.

    Args:
        options: Those of `parsers.add_recording`.
        settings: The settings.
        on_wait: As for `this_machine`.
        lead: Samples before the part that is asked for.

    Raises:
        MontaukError: It does not open, or there is no such part.
    """
    if options.recording is None:
        return this_machine(settings, on_wait)
    return recorded_host(
        options.recording, options.host, options.begin, options.end, lead
    )


def recorded_host(
    folder: str,
    host: str = "",
    begin: str | None = None,
    end: str | None = None,
    lead: int = 0,
) -> RecordedHost:
    """Open a part of a recording.

    Args:
        folder: Where it is; empty for the user's own, or else that of the service.
        host: Which one, where it has several.
        begin: The time of the first frame; None for the start.
        end: The time of the last frame; None for the end.
        lead: Samples before that.

    Raises:
        MontaukError: There is none, or no such part.
    """
    recording = opened_recording(folder, host)
    first, last = recording.part(begin, end)
    complain(recording)
    result = _DiskHost(recording, last + 1, recording.damaged)
    result.go_to(max(0, first - lead))
    return result


def opened_recording(folder: str, host: str = "") -> "DiskRecording":
    """Open a recording, and report what of it cannot be read.

    Args:
        folder: Where it is; empty for the user's own, or else that of the service.
        host: Which one, where it has several.

    Raises:
        MontaukError: There is none.
    """
    from montauk_tui.recorder.folder import SERVICE_PATH, Folder, path_to_read
    from montauk_tui.recorder.reader import DiskRecording

    path = Path(folder) if folder else path_to_read()
    if not folder and path == SERVICE_PATH:
        streams.complain(f"reading the recording of the service, {path}")
    opened = Folder.opened(path)
    try:
        recording = DiskRecording(opened, host)
    finally:
        opened.close()
    complain(recording)
    return recording


def complain(recording: "DiskRecording") -> None:
    """Report what of a recording is doubtful, once."""
    for line in recording.complaints:
        streams.complain(f"{named(recording.path)}: {line}")
    recording.complaints.clear()


class _DiskHost(RecordedHost):
    """A recording on disk, which says at the end what of it could not be read."""

    def __init__(self, recording: Moments, end: int, damaged: set[int]) -> None:
        super().__init__(recording, end)
        self._damaged = damaged

    def close(self) -> None:
        super().close()
        if self._damaged:
            left_out = counted(len(self._damaged), "damaged sample")
            streams.complain(f"{left_out} of the recording left out")
            self._damaged = set()
