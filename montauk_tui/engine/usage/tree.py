"""Sums over intervals by process, with who started it."""

from typing import Final

import numpy as np

from montauk_tui.engine.usage import parents
from montauk_tui.engine.usage.interval import IntervalUsage
from montauk_tui.engine.usage.memory import Branches
from montauk_tui.engine.usage.nodes import (
    KERNEL_NODE,
    LOST_NODE,
    MOST_LEVELS,
    NO_NODE,
    Names,
    Nodes,
    merging,
)
from montauk_tui.engine.usage.sums import EXITED, EXITS, FAILURES, LIVE, Sums
from montauk_tui.model.join import by_pid, is_in
from montauk_tui.model.lookups import command_from_cmdline
from montauk_tui.model.orphans import codes
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import Bools, Bytes, Ints, as_floats

_MOST_NODES: Final = 50_000
"""Beside those of live processes: then those of exited ones become fewer."""


def _none() -> Ints:
    return np.zeros(0, dtype=np.int64)


class TreeSums:
    """What each process used in the intervals that were added.

    A process has the parent that started it, as far as that is known, and keeps it when
    the kernel gives it another one. Processes that no sample saw alive share a node if
    they have parent, name and user in common. Sums of a node are its own, but for its
    memory, which is that with all its descendants.
    """

    def __init__(self) -> None:
        """Start without intervals."""
        self.names, self.nodes, self.sums = Names(), Nodes(), Sums()
        self.live = _none()
        """The node of each live process of the last interval."""
        self._last = _none()
        """Codes of these processes."""
        self._known, self._known_nodes = _none(), _none()
        """Codes of the processes of the last two intervals, ascending, and nodes."""
        self._shared: dict[tuple[int, int], int] = {}
        """Nodes of processes that no sample saw alive, by parent and name."""
        self._arguments: dict[int, bytes] = {}
        """Those of the first process of each shared node."""
        self._branches = Branches()

    def restart(self) -> None:
        """Forget the live processes, as after a boot."""
        self.live = self._last = self._known = self._known_nodes = _none()

    def add(self, interval: IntervalUsage) -> None:
        """Add an interval, which follows the one that was added last."""
        table = interval.table
        of = np.full(len(table), NO_NODE)
        is_old = interval.before >= 0
        of[is_old] = self.live[interval.before[is_old]]
        of[table.is_kernel] = KERNEL_NODE
        self.nodes.processes[KERNEL_NODE] += int((table.is_kernel & ~is_old).sum())
        code = codes(table.pid, table.start_ticks)
        renamed = is_old & ~interval.is_same & ~table.is_kernel
        if renamed.any():
            self._name(interval, np.flatnonzero(renamed), of)
        of_exits = self._known_exits(interval)
        is_brief = self._begin(interval, code, of, of_exits)
        self._name_exits(interval, np.flatnonzero(~is_brief), of_exits)
        self.live = of
        if not np.array_equal(code, self._last):
            self._remember(code)
            self._branches.follow(self.nodes, of)
        self._add_sums(interval, of_exits)
        if interval.ledger is not None:
            self._branches.add(self.sums, interval.rss_bytes)
        if self.nodes.size > len(of) + _MOST_NODES:
            self._merge()

    def _name(self, interval: IntervalUsage, rows: Ints, of: Ints) -> None:
        """Name the nodes of some rows, and keep their command lines."""
        table, lookups = interval.table, interval.frame.lookups
        comms, uids = table.comm[rows].tolist(), table.uid[rows].tolist()
        self.nodes.name[of[rows]] = self.names.numbers(comms, uids, lookups)
        whose = map(Identity._make, table.pairs(rows))
        for node, who, comm in zip(of[rows].tolist(), whose, comms, strict=True):
            self.nodes.commands[node] = lookups.known_command(who, comm).text

    def _known_exits(self, interval: IntervalUsage) -> Ints:
        """Return the node of each exit that a sample saw alive, else NO_NODE."""
        exits = interval.exits
        row, found = by_pid(self._known, codes(exits.pid, exits.start_ticks))
        of = np.full(len(exits), NO_NODE)
        of[found] = self._known_nodes[row[found]]
        of[interval.of_kernel] = KERNEL_NODE
        return of

    def _begin(
        self, interval: IntervalUsage, code: Ints, of: Ints, of_exits: Ints
    ) -> Bools:
        """Give nodes to the processes and exits that have none.

        Returns:
            Which exits no sample saw alive.
        """
        table, exits = interval.table, interval.exits
        exit_code = codes(exits.pid, exits.start_ticks)
        new = np.flatnonzero(of == NO_NODE)
        row, has_row = by_pid(code[new], exit_code)
        # A zombie has a row and an exit.
        has_row &= of_exits == NO_NODE
        is_brief: Bools = (of_exits == NO_NODE) & ~has_row
        brief = np.flatnonzero(is_brief)
        if not len(new) + len(brief):
            return is_brief
        every = np.concatenate([code[new], exit_code[brief]])
        ppid = np.concatenate([table.ppid[new], exits.ppid[brief]])
        ppid = parents.started_by(interval.frame.sample.starts, every, ppid)
        above = parents.find(self._known, self._known_nodes, every, ppid)
        name = np.zeros(len(every), dtype=np.int64)
        name[len(new) :] = self.names.numbers(
            exits.comm[brief].tolist(),
            exits.uid[brief].tolist(),
            interval.frame.lookups,
        )
        pid = np.concatenate([table.pid[new], exits.pid[brief]])
        made = self._made(above, name, pid, len(new))
        of[new], of_exits[brief] = made[: len(new)], made[len(new) :]
        of_exits[has_row] = of[new[row[has_row]]]
        self.sums.grow(self.nodes.size)
        self._name(interval, new, of)
        self._keep_commands(of_exits[brief], exits.cmdline[brief])
        return is_brief

    def _keep_commands(self, nodes: Ints, cmdlines: Bytes) -> None:
        """Keep the command line of shared nodes, as long as all have the same."""
        arguments, commands = self._arguments, self.nodes.commands
        for node, raw in zip(nodes.tolist(), cmdlines.tolist(), strict=True):
            known = arguments.get(node)
            if known is None:
                arguments[node] = raw
                text = command_from_cmdline(raw).text
                if commands.setdefault(node, text) != text:
                    commands[node] = ""
            elif known != raw:
                commands[node] = ""

    def _name_exits(self, interval: IntervalUsage, rows: Ints, of_exits: Ints) -> None:
        """Name nodes as exits do: a process may have run another program since."""
        exits, lookups = interval.exits, interval.frame.lookups
        rows = rows[~interval.of_kernel[rows]]
        comms, uids = exits.comm[rows].tolist(), exits.uid[rows].tolist()
        nodes = of_exits[rows]
        self.nodes.name[nodes] = self.names.numbers(comms, uids, lookups)
        for node, raw in zip(nodes.tolist(), exits.cmdline[rows].tolist(), strict=True):
            if raw:
                self.nodes.commands[node] = command_from_cmdline(raw).text

    def _made(self, above: Ints, name: Ints, pid: Ints, own: int) -> Ints:
        """Make nodes, parents first; the first `own` have one each."""
        made = np.full(len(above), NO_NODE)
        waiting = np.arange(len(above))
        for _ in range(MOST_LEVELS):
            late = parents.waits(above[waiting], made)
            parent = parents.with_nodes(above, made)
            self._make(waiting[~late], parent, name, pid, own, made)
            waiting = waiting[late]
            if not len(waiting):
                return made
        parent = parents.nearest_made(above, made)
        self._make(waiting, parent, name, pid, own, made)
        return made

    def _make(
        self, which: Ints, parent: Ints, name: Ints, pid: Ints, own: int, made: Ints
    ) -> None:
        live, brief = which[which < own], which[which >= own]
        # That of a live one may be hidden (hidepid of proc(5)).
        hidden = np.where(np.arange(len(parent)) < own, NO_NODE, LOST_NODE)
        parent = np.where(parent == parents.NOT_FOUND, hidden, parent)
        one = np.ones(len(live), dtype=np.int64)
        made[live] = self.nodes.add(parent[live], name[live], pid[live], one)
        keys = zip(parent[brief].tolist(), name[brief].tolist(), strict=True)
        shared, find = self._shared, self._shared.get
        for place, key in zip(brief.tolist(), keys, strict=True):
            node = find(key, NO_NODE)
            if node < 0:
                at = slice(place, place + 1)
                none = np.zeros(1, dtype=np.int64)
                node = int(self.nodes.add(parent[at], name[at], pid[at], none)[0])
                shared[key] = node
            made[place] = node
        np.add.at(self.nodes.processes, made[brief], 1)

    def _remember(self, code: Ints) -> None:
        """Keep the live processes, and those that were live one interval before."""
        gone = ~is_in(self._last, code)
        row = by_pid(self._known, self._last[gone]).row
        every = np.concatenate([code, self._last[gone]])
        nodes = np.concatenate([self.live, self._known_nodes[row]])
        order = np.argsort(every, kind="stable")
        self._known, self._known_nodes = every[order], nodes[order]
        self._last = code

    def _add_sums(self, interval: IntervalUsage, of_exits: Ints) -> None:
        sums = self.sums
        sums.add(LIVE, self.live, interval.live_s)
        sums.add(EXITED, self.live, interval.exited_s)
        if len(of_exits):
            sums.add(EXITED, of_exits, interval.exit_s)
            sums.add(EXITS, of_exits, np.ones(len(of_exits)))
            sums.add(FAILURES, of_exits, interval.failed.astype(np.float64))
            sums.raise_peak(of_exits, as_floats(interval.exits.peak_rss_bytes))

    def _merge(self) -> None:
        """Let processes that have exited share nodes too."""
        is_live = np.zeros(self.nodes.size, dtype=np.bool_)
        is_live[self._known_nodes] = True
        into = merging(self.nodes, is_live)
        self.nodes, self.sums = self.nodes.merged(into), self.sums.merged(into)
        self.live, self._known_nodes = into[self.live], into[self._known_nodes]
        exited = np.flatnonzero(~np.isin(np.arange(self.nodes.size), self._known_nodes))
        keys = zip(
            self.nodes.parent[exited].tolist(),
            self.nodes.name[exited].tolist(),
            strict=True,
        )
        self._shared = dict(zip(keys, exited.tolist(), strict=True))
        self._arguments.clear()
        self._branches.follow(self.nodes, self.live)
