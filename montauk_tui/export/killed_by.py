"""The field `killed_by` of an exited process, as docs/json.md describes it."""

from collections.abc import Callable
from typing import Any, Final

from montauk_tui.engine.causes import (
    fault_address,
    forbidden_call,
    how,
    killer,
    sentence,
)
from montauk_tui.export.fields import argv_text, text
from montauk_tui.model.deaths import Death, OutOfMemory, Task
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.sample import Sample

_NOBODY: Final = dict.fromkeys(("pid", "start_time", "comm", "cmdline", "uid"))


def death_of(exits: ExitTable, row: int) -> Death | None:
    """Return the signal that ended a process, None for unknown."""
    return exits.deaths.get((int(exits.pid[row]), int(exits.start_ticks[row])))


def sentence_of(exits: ExitTable, row: int, user: Callable[[int], str]) -> str:
    """Return why a process was killed, empty for unknown."""
    death = death_of(exits, row)
    if death is None:
        return ""
    return sentence(death, user, core_dumped=exits.core_dumped[row] == 1)


def killed_by(
    sample: Sample, exits: ExitTable, row: int, user: Callable[[int], str]
) -> dict[str, Any] | None:
    """Return the object, None for unknown."""
    death = death_of(exits, row)
    if death is None:
        return None
    found, request = killer(death), death.request
    return {
        "how": how(death).value,
        "text": sentence_of(exits, row, user),
        **(_NOBODY if found is None else _process(sample, found)),
        "address": fault_address(death),
        "syscall": forbidden_call(death),
        "sigterm_before_s": None if request is None else request.before_ns / 1e9,
        "sigterm_by": None if request is None else _process(sample, request.sender),
        "oom": _out_of_memory(death.out_of_memory),
    }


def _process(sample: Sample, task: Task) -> dict[str, Any]:
    start_s = sample.booted_at_s + task.start_ticks / sample.user_hz
    return {
        "pid": task.pid or None,
        "start_time": round(start_s, 2),
        "comm": text(task.comm),
        "cmdline": None if task.cmdline is None else argv_text(task.cmdline),
        "uid": task.uid,
    }


def _out_of_memory(found: OutOfMemory | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "cgroup": None if found.cgroup is None else text(found.cgroup),
        "limit_bytes": found.limit_bytes,
        "used_bytes": found.used_bytes,
        "rss_bytes": found.rss_bytes,
        "oom_score_adj": found.oom_score_adj,
        "events": None if found.events is None else dict(found.events),
    }
