"""The summary of an exited process, of a group of them, and of other groups."""

import math
from typing import Final

import numpy as np

from montauk_tui.engine.causes import killer
from montauk_tui.engine.columns import cells
from montauk_tui.engine.columns.cells import Level
from montauk_tui.engine.columns.gauge_cells import of_cgroup
from montauk_tui.engine.past import before_text
from montauk_tui.engine.rows.causes import cause, death_of, why_unknown
from montauk_tui.engine.rows.kinds import extra_value, kind_of, real_identity
from montauk_tui.engine.summary.cgroup import kernel_facts
from montauk_tui.engine.summary.items import Fact, Group, Listing, Summary
from montauk_tui.engine.summary.lists import exits_of_group, living
from montauk_tui.engine.summary.live import moment_text, split_text, use_of
from montauk_tui.engine.summary.relatives import PEOPLE, ancestors, ancestry_text
from montauk_tui.engine.units import (
    NOTHING_KNOWN,
    bytes_text,
    counted,
    cpu_time_text,
    exit_status_text,
    lifetime_text,
    percent_text,
    rate_text,
)
from montauk_tui.model.frame import Frame
from montauk_tui.model.kinds import RowKind
from montauk_tui.model.lookups import Command, command_from_cmdline
from montauk_tui.model.orphans import codes
from montauk_tui.model.schema import UNKNOWN
from montauk_tui.model.text import clean

_MINUTE_S: Final = 60.0

_RATES: Final = (
    ("Forks", "forks_rate"),
    ("Execs", "execs_rate"),
    ("Exits", "ends_rate"),
    ("Failures", "failures_rate"),
)


def exited(listed: Frame, row: int, *, machine_scale: bool) -> Summary:
    """Return the summary of an exited process; an exited parent is one."""
    identity = real_identity(listed, row)
    status = extra_value(listed, "exit_status", row)
    whole = listed.whole or listed
    return Summary(
        name=cells.name_text(listed, row),
        number=str(identity.pid),
        said=how_text(status),
        level=Level.WARM if status > 0 else Level.PLAIN,
        command=_command(listed, row),
        groups=(
            (
                *why_facts(listed, row),
                *when_facts(listed, row),
                *who_facts(listed, row),
            ),
            used_facts(listed, row),
            use_of(whole, identity, None, machine_scale=machine_scale),
        ),
        lists=_survivors(listed, row, machine_scale=machine_scale),
    )


def many(listed: Frame, row: int) -> Summary:
    """Return the summary of a group of exited processes."""
    count, failed, window_s, shortest, median, longest = (
        extra_value(listed, name, row)
        for name in (
            "count", "failed", "window_s", "shortest_s", "lifetime_s", "longest_s",
        )
    )  # fmt: skip
    lifetimes = f"{lifetime_text(median)}, from {lifetime_text(shortest)}"
    lifetimes += f" to {lifetime_text(longest)}"
    if math.isnan(median):
        lifetimes = NOTHING_KNOWN
    share = float(listed.rates.cpu_pct[row])
    return Summary(
        name=cells.name_text(listed, row),
        number=counted(count, "process", "processes"),
        said=f"exited in the last {window_s:.0f} s, "
        + (f"{failed:.0f} failed" if failed > 0 else "none failed"),
        level=Level.WARM if failed > 0 else Level.PLAIN,
        command=None,
        groups=(
            who_facts(listed, row),
            (
                Fact("Rate", f"{rate_text(count / window_s)}/s"),
                Fact("Lived", lifetimes),
            ),
            (
                Fact("CPU%", f"{percent_text(share)} all together"),
                Fact("CPU used", _time(extra_value(listed, "used_s", row))),
            ),
        ),
        lists=exits_of_group(listed, row),
    )


def group(listed: Frame, row: int) -> Summary:
    """Return the summary of all processes of a program, a cgroup or another group."""
    count, live = (extra_value(listed, it, row) for it in ("count", "live"))
    said = "" if math.isnan(live) else f"{live:.0f} live"
    if not math.isnan(count):
        said += f"{', ' * bool(said)}{count:.0f} exited in the last seconds"
    return Summary(
        name=cells.name_text(listed, row),
        number="",
        said=said,
        level=Level.PLAIN,
        command=_command(listed, row),
        groups=(_held(listed, row), kernel_facts(listed, row), spawned(listed, row)),
    )


def _held(listed: Frame, row: int) -> Group:
    """Return what the live processes of a group use, if the list has it."""
    if "live" not in listed.extra:
        return ()
    cpu_pct = float(listed.rates.cpu_pct[row])
    level = cells.cpu_level(listed, row)
    return (
        Fact("CPU", f"{percent_text(cpu_pct)} %", level),
        Fact("Resident", cells.size_text("rss_bytes")(listed, row)),
        Fact("Threads", cells.integer_text("threads")(listed, row)),
    )


def spawned(listed: Frame, row: int) -> Group:
    """Return the rates of a spawner and the CPU use of what it started."""
    items: Group = ()
    for label, name in _RATES:
        rate = extra_value(listed, name, row)
        if not math.isnan(rate):
            is_bad = name == "failures_rate" and rate > 0
            level = Level.WARM if is_bad else Level.PLAIN
            items += (Fact(label, f"{rate_text(rate)}/s", level),)
    short_pct = extra_value(listed, "short_pct", row)
    whose = "processes" if kind_of(listed, row) is RowKind.GROUP else "children"
    return (
        *items,
        Fact("Exited", f"{percent_text(short_pct)} % CPU by exited {whose}"),
    )


def unseen(listed: Frame, row: int) -> Summary:
    """Return the summary of an exited process whose exit record is not kept."""
    identity = real_identity(listed, row)
    return Summary(
        name=cells.name_text(listed, row),
        number=str(identity.pid),
        said="exited; exit status no longer known",
        level=Level.FAINT,
        command=_command(listed, row),
        groups=(who_facts(listed, row),),
    )


def how_text(status: float) -> str:
    """Return how a process exited, by its status as of `rows.build.status_of`."""
    if math.isnan(status):
        return "exited; status not known"
    text = exit_status_text(status)
    return f"exited with {text}" if text.isdigit() else f"killed by {text}"


def why_facts(listed: Frame, row: int) -> Group:
    """Return why a signal killed it, or why that is unknown, and who sent it."""
    if why := why_unknown(listed, row):
        return (Fact("Cause", f"{NOTHING_KNOWN} ({why})", joint=" "),)
    death = death_of(listed, row)
    if death is None:
        return ()
    group = (Fact("Cause", cause(listed, row), Level.WARM, joint=" "),)
    found = killer(death)
    if found is None or found.cmdline is None:
        return group
    return (*group, Fact("Killer", command_from_cmdline(found.cmdline).text))


def _command(listed: Frame, row: int) -> Command | None:
    table = listed.sample.processes
    command = listed.lookups.known_command(table.identity(row), table.comm[row])
    return None if command.text == clean(bytes(table.comm[row])) else command


def when_facts(listed: Frame, row: int) -> Group:
    """Return when it exited, and how long it lived."""
    ended_s = extra_value(listed, "ended_s", row)
    group: Group = ()
    if not math.isnan(ended_s):
        now_s = listed.sample.time_s
        ago = before_text(listed, now_s - ended_s)
        group += (Fact("Exited", f"{moment_text(ended_s, now_s)}, {ago}"),)
    life_s = extra_value(listed, "lifetime_s", row)
    return (*group, Fact("Lived", _time(life_s)))


def who_facts(listed: Frame, row: int) -> Group:
    """Return its user and its ancestors."""
    whole, table = listed.whole or listed, listed.sample.processes
    identity = real_identity(listed, row)
    pid, start = (np.array([number]) for number in identity)
    is_many = kind_of(listed, row) in (RowKind.EXITED_GROUP, RowKind.GROUP)
    code = 0 if is_many else int(codes(pid, start)[0])
    people = ancestry_text(ancestors(whole, code, int(table.ppid[row])))
    return (
        Fact("User", cells.user_text(listed, row)),
        Fact("Parents", people or NOTHING_KNOWN, joint=PEOPLE),
    )


def used_facts(listed: Frame, row: int) -> Group:
    """Return what it used in its whole life, and its cgroup."""
    if extra_value(listed, "exited_parent", row) > 0:
        return ()
    table = listed.sample.processes
    used_s = extra_value(listed, "used_s", row)
    text = _time(used_s)
    if UNKNOWN not in (table.utime[row], table.stime[row]):
        hz = listed.sample.ticks_per_second
        user_s, system_s = (int(t[row]) / hz for t in (table.utime, table.stime))
        text = split_text(_time, user_s, system_s)
    peak = extra_value(listed, "peak_rss_bytes", row)
    table = listed.sample.processes
    read, written = int(table.read_bytes[row]), int(table.write_bytes[row])
    items: Group = (
        Fact("CPU used", text),
        Fact("Memory", f"at most {bytes_text(peak)}"),
    )
    if UNKNOWN not in (read, written):
        both = f"read {bytes_text(read)}, written {bytes_text(written)}"
        items += (Fact("Storage", both),)
    cgroup = of_cgroup().text(listed, row)
    return (*items, Fact("Cgroup", cgroup)) if cgroup != NOTHING_KNOWN else items


def _time(seconds: float) -> str:
    return lifetime_text(seconds) if seconds < _MINUTE_S else cpu_time_text(seconds)


def _survivors(listed: Frame, row: int, *, machine_scale: bool) -> tuple[Listing, ...]:
    """Return the live children of an exited parent."""
    if not extra_value(listed, "exited_parent", row) > 0:
        return ()
    whole = listed.whole or listed
    table, orphans = whole.sample.processes, whole.history.orphans
    pid, start = (np.array([number]) for number in real_identity(listed, row))
    children = orphans.child[orphans.parent == codes(pid, start)[0]]
    rows = np.flatnonzero(np.isin(codes(table.pid, table.start_ticks), children))
    head = Fact("Children", counted(len(rows), "lives on", "live on"))
    scale = len(whole.sample.host.cpu_ids) if machine_scale else 1
    return (living(whole, (head,), rows, scale),)
