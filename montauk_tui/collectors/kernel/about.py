"""What is known of probes that stay loaded: a text in a map beside their logs."""

from __future__ import annotations

import time
from ast import literal_eval
from collections.abc import Container
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from montauk_tui.collectors.kernel.readers import Access

BYTES: Final = 4096
"""Size of the map's only value: JSON, then zeros."""

EXEC_RETURN: Final = "execve_return"
"""The function that records execs that fail."""

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


class NotReadable(ValueError):
    """The text is not what montauk writes."""


class About(SimpleNamespace):
    """Facts of the probes in a folder of pins.

    To make a NamedTuple or a dataclass of so many fields takes 0.3 ms of a start.
    """

    abi: int
    version: str
    """Of the montauk that loaded them."""
    sources: str
    """A digest of the C files."""
    attachment: str
    """kprobes or tracepoints."""
    bcc: str
    missing: tuple[str, ...]
    """Fields that this kernel does not have, by their macros in layout.py."""
    cpus: int
    slots: int
    """Records of one CPU in each log."""
    hooks: int
    """How many links there are to the kernel's events."""
    hooked: tuple[str, ...]
    """The functions that run at these events."""
    loaded_ns: int
    """CLOCK_BOOTTIME of the initial time namespace."""
    loaded_by: str
    """The user, as far as the kernel knows: the one who logged in."""
    iterators: tuple[str, ...]
    """The pins that readers without maps read; none before Linux 5.9."""
    memory_bytes: int
    """Of all maps and programs."""
    parent: tuple[Access, Access] | None
    """Of the folder above, before and after the readers were let in."""

    def to_bytes(self) -> bytes:
        """Return the value of the map.

        Raises:
            ValueError: There is too much of it.
        """
        import json  # noqa: PLC0415 - 1.4 ms of a start, which reads only

        text = json.dumps(vars(self)).encode()
        if len(text) > BYTES:
            raise ValueError(f"{len(text)} bytes about the probes")
        return text.ljust(BYTES, b"\0")

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Return what `to_bytes` wrote.

        Raises:
            NotReadable: Somebody else wrote it.
        """
        try:
            facts = _read(raw.rstrip(b"\0").decode())
            for name in ("abi", "cpus", "slots", "hooks", "loaded_ns", "memory_bytes"):
                facts[name] = int(facts[name])
            for name in ("missing", "hooked", "iterators"):
                facts[name] = tuple(map(str, facts[name]))
            parent = facts["parent"]
            if parent is not None:
                (gid, mode), (new_gid, new_mode) = parent
                parent = (int(gid), int(mode)), (int(new_gid), int(new_mode))
            facts["parent"] = parent
            # Those of another ABI may have others as well.
            return cls(**{name: facts[name] for name in cls.__annotations__})
        except (ValueError, SyntaxError, KeyError, TypeError, RecursionError) as error:
            raise NotReadable(str(error)) from error

    def age_s(self, offset_ns: int) -> float:
        """Return for how long they have been loaded.

        Args:
            offset_ns: What our time namespace adds to CLOCK_BOOTTIME.
        """
        now_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - offset_ns
        return max(0.0, (now_ns - self.loaded_ns) / 1e9)


def _read(text: str) -> Any:
    """Return what a text of JSON says.

    Without an escape in it, it is a literal of Python but for the one null.
    """
    if "\\" in text:
        import json  # noqa: PLC0415 - as above

        return json.loads(text)
    return literal_eval(text.replace('"parent": null', '"parent": None'))


def sees_failed_execs(hooked: Container[str]) -> bool:
    """Tell whether functions that run at events of the kernel see execs that fail."""
    return EXEC_RETURN in hooked


def how_attached(attachment: str, hooked: Container[str]) -> str:
    """Return how the probes are attached, and what they do not see for that reason."""
    return attachment + ("" if sees_failed_execs(hooked) else ", failed execs unseen")


def ago(seconds: float) -> str:
    """Return a time in the largest unit that it has one of: `3 d ago`."""
    size, unit = next((one for one in _UNITS if seconds >= one[0]), _UNITS[-1])
    return f"{int(seconds // size)} {unit} ago"
