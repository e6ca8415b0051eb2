"""Which live processes a tool did not list."""

from collections import defaultdict
from collections.abc import Set as AbstractSet
from typing import Any, Final

Json = dict[str, Any]
Identity = tuple[int, float]

_SLACK_S: Final = 0.1
"""Start times are in ticks, and clocks are read one after the other."""


def missing(samples: list[Json], members: AbstractSet[Identity]) -> int:
    """Return how many of `members` are missing from a sample taken in their lifetime.

    A lifetime is from the start to the exit reported by the tool, or to the last sample
    that lists the process.
    """
    listed: dict[Identity, set[int]] = defaultdict(set)
    ends_s: dict[Identity, float] = {}
    for number, sample in enumerate(samples):
        for process in sample["processes"]:
            identity = (process["pid"], process["start_time"])
            listed[identity].add(number)
            ends_s.setdefault(identity, sample["time"])
            if process["alive"]:
                ends_s[identity] = sample["time"]
            elif process["lifetime_s"] is not None:
                ends_s[identity] = process["start_time"] + process["lifetime_s"]
    times_s = [sample["time"] for sample in samples]
    return sum(
        any(
            identity[1] + _SLACK_S <= time_s <= ends_s[identity] - _SLACK_S
            and number not in listed[identity]
            for number, time_s in enumerate(times_s)
        )
        for identity in members
        if identity in listed
    )
