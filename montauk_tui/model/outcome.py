"""The result of an action on one process, and on many in one line."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from montauk_tui.model.sample import Identity


class Outcome(Enum):
    """How an action went, in the words that the user reads."""

    DONE = "done"
    EXITED = "had exited"
    NOT_PERMITTED = "not permitted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Result:
    """The result of an action on one process."""

    identity: Identity
    outcome: Outcome
    reason: str = ""
    """Why not, and what would permit it; after success the new value."""
    owner: int | None = None
    """User id of the owner, where only the owner is permitted."""

    def why(self, user: Callable[[int], str]) -> str:
        """Return the reason with the owner's name."""
        if self.owner is None:
            return self.reason
        name = user(self.owner)
        who = name if self.owner == 0 else f"{name} or root"
        return f"owned by {name}: run as {who}, or with {self.reason}"


def not_permitted(identity: Identity, owner: int | None, capability: str) -> Result:
    """Return that the kernel refused for lack of privilege.

    Args:
        identity: Who it was about.
        owner: User id of its owner, where that is known.
        capability: What permits it to others than the owner.
    """
    if owner is None or owner == os.geteuid():
        return Result(identity, Outcome.NOT_PERMITTED, f"needs {capability}")
    return Result(identity, Outcome.NOT_PERMITTED, capability, owner)


def summary(
    label: str, verb: str, results: Sequence[Result], user: Callable[[int], str]
) -> str:
    """Return one line for all results: `SIGTERM sent to 4; 1 had exited`.

    Args:
        label: What was to be done, such as the name of a signal.
        verb: What joins it and those to whom it was done.
        results: One for each process.
        user: Names a user id.
    """
    if len(results) == 1:
        (result,) = results
        why = f" ({result.why(user)})" if result.why(user) else ""
        whom = f"PID {result.identity.pid}"
        if result.outcome is Outcome.DONE:
            return f"{label} {verb} {whom}{why}"
        return f"{label}: {whom} {result.outcome.value}{why}"
    done = sum(result.outcome is Outcome.DONE for result in results)
    failed = Counter(
        (result.outcome, result.why(user))
        for result in results
        if result.outcome is not Outcome.DONE
    )
    parts = [f"{label} {verb} {done or 'none'}"]
    for (outcome, why), count in failed.items():
        parts.append(f"{count} {outcome.value}" + (f" ({why})" if why else ""))
    return "; ".join(parts)
