"""Which name and arguments each process has, as a number: nothing is done by row.

Processes that have both in common share a number, so that an hour has few texts.
"""

from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from montauk_tui.engine.rows.texts import cmdline_texts
from montauk_tui.model.recording import Arguments
from montauk_tui.model.schema import UNKNOWN, Bytes, Ints
from montauk_tui.model.text import clean
from montauk_tui.recorder.stream import Step

Texts = npt.NDArray[np.object_]

_NO_ARGUMENTS: Final = Arguments(b"", is_cut=False)
_MOST_NAMES: Final = 1 << 14
_BLOCK: Final = 256
"""Arguments made to text together: those of similar length."""

clean_name = lru_cache(maxsize=_MOST_NAMES)(clean)
"""Names are repeated."""


def as_texts(texts: Any) -> Texts:
    """Return texts as an array of objects, which numpy does not make wider."""
    found: Texts = np.empty(len(texts), dtype=object)
    found[:] = texts
    return found


class Commands:
    """Follows the names and arguments of live processes from moment to moment."""

    def __init__(self) -> None:
        """Start without a process."""
        self._numbers: dict[tuple[bytes, Arguments], int] = {}
        self._known: list[tuple[bytes, Arguments]] = []
        self._codes: Ints = np.empty(0, dtype=np.int64)
        self._comm: Bytes = np.empty(0, dtype="S1")

    def follow(self, step: Step) -> Ints:
        """Return the number of each process."""
        comm = step.processes.comm
        if step.is_key or not len(self._comm):
            codes: Ints = np.full(len(comm), -1, dtype=np.int64)
            stale = np.arange(len(comm))
        else:
            codes = self._codes.take(step.row)
            codes[step.new] = -1
            # Whatever has another name has changed.
            rows = np.flatnonzero(step.changed)
            renamed = self._comm.take(step.row.take(rows)) != comm.take(rows)
            stale = rows[step.new[rows] | renamed]
        is_argued = np.zeros(len(comm), dtype=np.bool_)
        is_argued[step.argued] = True
        stale = stale[~is_argued[stale]]
        known, before = self._known, codes[stale].tolist()
        if before:
            codes[stale] = [
                self._number(name, _NO_ARGUMENTS if code < 0 else known[code][1])
                for name, code in zip(comm[stale].tolist(), before, strict=True)
            ]
        if step.arguments:
            names = comm[step.argued].tolist()
            codes[step.argued] = [*map(self._number, names, step.arguments)]
        self._codes, self._comm = codes, comm
        return codes

    def _number(self, comm: bytes, arguments: Arguments) -> int:
        key = (comm, arguments)
        number = self._numbers.setdefault(key, len(self._known))
        if number == len(self._known):
            self._known.append(key)
        return number

    def columns(self, codes: Ints) -> dict[str, npt.NDArray[Any]]:
        """Return name and arguments of processes by their numbers."""
        names = as_texts([clean_name(comm) for comm, _ in self._known])
        cut = np.array(
            [int(its.is_cut) if its.raw else UNKNOWN for _, its in self._known],
            dtype=np.int64,
        )
        lines = as_texts(cmdlines_as_text([its.raw for _, its in self._known]))
        return {
            "comm": names[codes], "cmdline": lines[codes], "cmdline_cut": cut[codes],
        }  # fmt: skip


def cmdlines_as_text(raws: list[bytes]) -> list[str]:
    """Return argument vectors as text, a long one without making all as long."""
    found = [""] * len(raws)
    order = sorted(range(len(raws)), key=lambda at: len(raws[at]))
    for start in range(0, len(order), _BLOCK):
        block = order[start : start + _BLOCK]
        texts = cmdline_texts([raws[at] for at in block])
        for at, text in zip(block, texts, strict=True):
            found[at] = text
    return found
