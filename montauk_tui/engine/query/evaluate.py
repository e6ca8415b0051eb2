"""The rows of a frame that match a query.

Numbers are compared for all rows at once; texts only for rows that are still undecided,
and once for each distinct text.
"""

import operator
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

import numpy as np

from montauk_tui.engine.columns.column import Kind
from montauk_tui.engine.query.fields import FIELDS, Field
from montauk_tui.engine.query.nodes import And, Comparison, Node, Not, Query, Words
from montauk_tui.engine.query.patterns import searcher
from montauk_tui.model.amounts import clock_seconds
from montauk_tui.model.frame import Frame
from montauk_tui.model.join import by_pid
from montauk_tui.model.names import DEAD
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import NO_START, UNKNOWN, Bools, Floats, Ints
from montauk_tui.model.text import clean

_COMPARE: Final[dict[str, Callable[[Floats, float], Any]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def matching(query: Query, frame: Frame) -> Bools:
    """Return which rows of a frame match the filter.

    Command lines that are not cached are not read: the name is used instead. A thread
    matches if its process does, or if it does itself.
    """
    everyone = np.ones(len(frame.sample.processes), dtype=np.bool_)
    root = query.root
    if root is None:
        return everyone
    return _by_process(lambda rows: _matching(root, frame, rows), frame, everyone)


def _matching(node: Node, frame: Frame, among: Bools) -> Bools:
    """Return which rows of `among` match a part of a query."""
    match node:
        case Words(alternatives=alternatives):
            return _by_process(
                lambda rows: _with_words(alternatives, frame, rows), frame, among
            )
        case Comparison():
            return _comparing(node, frame, among)
        case Not(inner=inner):
            return among & ~_matching(inner, frame, among)
        case And(parts=parts):
            for part in sorted(parts, key=_cost):
                among = _matching(part, frame, among)
            return among
    found = np.zeros_like(among)
    for part in sorted(node.parts, key=_cost):
        found |= _matching(part, frame, among & ~found)
    return found


def _cost(node: Node) -> int:
    """Return the cost of a part: cheap ones leave few rows to expensive ones."""
    match node:
        case Words():
            return 3
        case Comparison(field=field, parents=parents):
            kind = FIELDS[field]
            own = 0 if kind.number else 1 if kind.groups else 2 if kind.texts else 3
            return max(own, 2) if parents else own
        case Not(inner=inner):
            return _cost(inner)
    return max(map(_cost, node.parts))


def _with_words(alternatives: tuple[str, ...], frame: Frame, among: Bools) -> Bools:
    table = frame.sample.processes.only(among)
    texts = [text.lower() for text in frame.lookups.known_texts(table)]
    found = np.zeros(len(table), dtype=np.bool_)
    names = table.comm.tolist()
    own = {name: clean(name).lower() for name in set(names)}
    for part in alternatives:
        found |= np.fromiter((part in text for text in texts), np.bool_, len(texts))
        with_part = {name for name, text in own.items() if part in text}
        if with_part:
            in_name = (name in with_part for name in names)
            found |= np.fromiter(in_name, np.bool_, len(names))
    matches = np.zeros_like(among)
    matches[among] = found
    return matches


def _by_process(
    test: Callable[[Bools], Bools], frame: Frame, among: Bools, *, both: bool = False
) -> Bools:
    """Return which rows pass a test, a thread also if its process does.

    With `both` a thread and its process must pass: for negated tests.
    """
    table = frame.sample.processes
    threads = among & ~table.is_process
    if not threads.any():
        return test(among)
    process = by_pid(table.pid, table.tgid[threads])
    asked = among.copy()
    asked[process.row[process.found]] = True
    answers = test(asked)
    of_process = np.where(process.found, answers[process.row], both)
    found = answers & among
    own = found[threads]
    found[threads] = own & of_process if both else own | of_process
    return found


def _comparing(node: Comparison, frame: Frame, among: Bools) -> Bools:
    if node.parents:
        return _of_parents(node, frame, among)
    field = FIELDS[node.field]
    if field.number is None:
        exact = field.kind is Kind.STATE
        test = _tester(node.operator, str(node.value), exact=exact)
        return _by_process(
            lambda rows: _with_text(field, test, frame, rows),
            frame, among, both=node.operator.startswith("!"),
        )  # fmt: skip
    values = field.number(frame)
    value = node.value
    if isinstance(value, str):
        value = _today_s(value, frame.sample.time_s)
    found: Bools = among & _COMPARE[node.operator](values, value)
    # NaN is unequal to everything, too.
    return found & ~np.isnan(values)


def _today_s(clock: str, now_s: float) -> float:
    """Return the time of a clock reading of today."""
    today = time.localtime(now_s)[:3]
    seconds = clock_seconds(clock) or 0
    hour, rest = divmod(seconds, 3600)
    return time.mktime((*today, hour, rest // 60, rest % 60, 0, 0, -1))


# --- texts ----------------------------------------------------------------------------


def _with_text(
    field: Field, test: Callable[[str], bool], frame: Frame, among: Bools
) -> Bools:
    found = np.zeros_like(among)
    rows = np.flatnonzero(among)
    if field.texts is not None:
        texts_of_all = field.texts(frame)
        verdicts = {text: bool(text) and test(text) for text in set(texts_of_all)}
        found[rows] = [verdicts[texts_of_all[row]] for row in rows.tolist()]
        return found
    if not rows.size or field.text is None:
        return found
    first, group = rows, np.arange(len(rows))
    if field.groups is not None:
        values = field.groups(frame)[rows]
        _, places, group = np.unique(values, return_index=True, return_inverse=True)
        first = rows[places]
    texts = [field.text(frame, row) for row in first.tolist()]
    passed = [text is not None and test(text) for text in texts]
    found[rows] = np.array(passed, dtype=np.bool_)[group]
    return found


@lru_cache(maxsize=64)
def _tester(comparison: str, value: str, *, exact: bool) -> Callable[[str], bool]:
    """Return the test of a text; `exact` respects the case."""
    if comparison in ("=", "!="):
        wanted, equal = value if exact else value.lower(), comparison == "="
        return lambda text: ((text if exact else text.lower()) == wanted) == equal
    is_in, there = searcher(value), comparison == "~"
    return lambda text: is_in(text) == there


# --- parents --------------------------------------------------------------------------


def _of_parents(node: Comparison, frame: Frame, among: Bools) -> Bools:
    """Compare the values of the parents; without a known parent nothing matches.

    A parent is a live process, or an exited one with a row.
    """
    inner = replace(node, parents=node.parents - 1)
    whole = frame.whole or frame
    children = frame.sample.processes
    living = whole.sample.processes
    row = _parent_rows(children, living.pid, living)
    found = _gather(inner, whole, row, among)
    real_pid = frame.extra.get("real_pid")
    if real_pid is None:
        return found
    exited = np.where((children.state == DEAD) & ~np.isnan(real_pid), real_pid, -1)
    row = np.where(
        row < 0, _parent_rows(children, exited.astype(np.int64), children), -1
    )
    return found | _gather(inner, frame, row, among)


def _gather(inner: Comparison, frame: Frame, row: Ints, among: Bools) -> Bools:
    has_parent = among & (row >= 0)
    asked = np.zeros(len(frame.sample.processes), dtype=np.bool_)
    asked[row[has_parent]] = True
    answers = _comparing(inner, frame, asked)
    found = np.zeros_like(among)
    found[has_parent] = answers[row[has_parent]]
    return found


def _parent_rows(children: ProcessTable, pids: Ints, parents: ProcessTable) -> Ints:
    """Return the row of each parent, -1 for unknown.

    A process that started later than its child has a pid that was used before.
    """
    if not len(pids):
        return np.full(len(children), -1)
    order = np.argsort(pids, kind="stable")
    place = np.searchsorted(pids[order], children.ppid, side="right") - 1
    row = order[place.clip(0)]
    start, own = parents.start_ticks[row], children.start_ticks
    is_known = (start != UNKNOWN) & (own != UNKNOWN) & (own != NO_START)
    same = (pids[row] == children.ppid) & (children.ppid > 0) & (place >= 0)
    return np.where(same & (~is_known | (start <= own)), row, -1)
