"""Regular expressions, within bounds.

Python's matcher backtracks. A user who names a process can choose the text with the
most backtracking, so the repeats of a pattern are limited, and with more of them less
of a text is searched.
"""

import re
from collections.abc import Callable
from typing import Final

LONGEST: Final = 200
_SEEN: Final = (4096, 2000, 500, 200)
"""How much of a text is searched, by the number of repeats: at most 0.1 s a text."""

MOST_REPEATS: Final = len(_SEEN) - 1
MOST_CHOICES: Final = 8

_REPEAT: Final = re.compile(r"[*+]|\{\d*,\d*\}")
_ANY_REPEAT: Final = re.compile(r"[*+{]")
_ESCAPE: Final = re.compile(r"\\.", re.DOTALL)
_SET: Final = re.compile(r"\[\^?\]?[^\]]*\]")


def mistake(pattern: str) -> tuple[str, str] | None:
    """Return what is wrong with a pattern and what was expected, None if it is fine."""
    if len(pattern) > LONGEST:
        return f"the pattern has {len(pattern)} characters", f"at most {LONGEST}"
    try:
        re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        reason = " ".join(str(error).split())
        return f"not a regular expression: {reason}", 'a pattern such as "^python3"'
    if not _is_tame(pattern):
        repeats = f"at most {MOST_REPEATS} of * and +, {MOST_CHOICES} of ? and (a|b)"
        return (
            "the pattern could take for ever",
            f"{repeats}, and none in a repeated group",
        )
    return None


def searcher(pattern: str) -> Callable[[str], bool]:
    """Return the search of a valid pattern in a text."""
    search = re.compile(pattern, re.IGNORECASE).search
    seen = _SEEN[_repeats(_bare(pattern))]
    return lambda text: search(text[:seen]) is not None


def _bare(pattern: str) -> str:
    """Return a pattern without escapes and sets, so that no operator is quoted."""
    return _SET.sub("x", _ESCAPE.sub("x", pattern))


def _repeats(bare: str) -> int:
    return len(_REPEAT.findall(bare))


def _is_tame(pattern: str) -> bool:
    """Tell whether a pattern has few repeats and choices, and none of them nested."""
    bare = _bare(pattern)
    choices = 0
    wild = [False]
    for at, sign in enumerate(bare):
        is_choice = sign == "|" or (
            sign == "?" and not bare[:at].endswith(tuple("(*+}"))
        )
        choices += is_choice and (sign == "?" or len(wild) > 1)
        if sign == "(":
            wild.append(False)
        elif sign == ")" and len(wild) > 1:
            inner = wild.pop()
            if inner and _ANY_REPEAT.match(bare, at + 1):
                return False
            wild[-1] |= inner
        elif is_choice or _REPEAT.match(bare, at):
            wild[-1] = True
    return choices <= MOST_CHOICES and _repeats(bare) <= MOST_REPEATS
