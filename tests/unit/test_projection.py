from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine import query
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.projection import Projection, View, guides, project
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import PF_KTHREAD
from tests.support.builders import Row, make_frame, make_sample, pids

FAMILY: list[Row] = [
    {"pid": 1, "ppid": 0, "comm": "init"},
    {"pid": 2, "ppid": 0, "comm": "kthreadd", "flags": PF_KTHREAD},
    {"pid": 3, "ppid": 2, "comm": "kworker", "flags": PF_KTHREAD},
    {"pid": 10, "ppid": 1, "comm": "sshd"},
    {"pid": 11, "ppid": 10, "comm": "bash"},
    {"pid": 12, "ppid": 11, "comm": "make"},
    {"pid": 13, "ppid": 12, "comm": "cc1"},
    {"pid": 14, "ppid": 12, "comm": "cc2", "threads": 2},
    {"pid": 15, "tgid": 14, "ppid": 12, "comm": "cc2-io", "threads": 2},
    {"pid": 20, "ppid": 1, "comm": "cron"},
]


def frame_of(rows: Iterable[Row] = FAMILY) -> Frame:
    return make_frame(None, make_sample(rows))


def view(sort: str = "pid", *, descending: bool = False, **choices: Any) -> View:
    if isinstance(choices.get("query"), str):
        choices["query"] = query.parse(choices["query"])
    return View(COLUMNS[sort], descending, **choices)


def shown(frame: Frame, chosen: View) -> list[int]:
    return pids(frame.sample.processes, project(frame, chosen).rows)


def drawn(frame: Frame, chosen: View) -> list[str]:
    """Return each row as its name behind the lines of the tree."""
    projection = project(frame, chosen)
    lines = []
    for position, flags in enumerate(guides(projection, 0, len(projection.rows))):
        stem = "".join("| " if goes_on else "  " for goes_on in flags[:-1])
        branch = ("+-" if flags[-1] else "`-") if flags else ""
        name = frame.sample.processes.comm[projection.rows[position]].decode()
        context = "." if projection.is_context[position] else ""
        lines.append(f"{stem}{branch}{name}{context}")
    return lines


def test_a_flat_list_is_sorted() -> None:
    frame = frame_of()
    assert shown(frame, view()) == [1, 10, 11, 12, 13, 14, 20]
    assert shown(frame, view("comm", descending=True)) == [10, 12, 1, 20, 14, 13, 11]


def test_a_flat_list_has_no_lines_and_no_context() -> None:
    projection = project(frame_of(), view(query="cc"))
    assert projection.depth.tolist() == [0, 0]
    assert projection.is_context.tolist() == [False, False]
    assert guides(projection, 0, 9) == [(), ()]


def test_the_lines_of_a_page_begin_anywhere_in_the_tree() -> None:
    projection = project(frame_of(), view(tree=True))
    assert max(projection.depth) > 1
    check_guides(projection)
    assert guides(projection, len(projection.rows), 3) == []


def test_hidden_kernel_threads_are_counted() -> None:
    frame = frame_of()
    assert project(frame, view()).hidden_kernel_threads == 2
    assert project(frame, view(kernel_threads=True)).hidden_kernel_threads == 0
    assert shown(frame, view(kernel_threads=True))[:3] == [1, 2, 3]


def test_user_threads_are_shown_when_asked_for() -> None:
    frame = frame_of()
    assert 15 not in shown(frame, view())
    assert shown(frame, view(user_threads=True))[-3:] == [14, 15, 20]


def test_the_filter_leaves_what_matches() -> None:
    assert shown(frame_of(), view(query="CC|cron")) == [13, 14, 20]


def test_the_tree() -> None:
    assert drawn(frame_of(), view(tree=True, kernel_threads=True)) == [
        "init",
        "+-sshd",
        "| `-bash",
        "|   `-make",
        "|     +-cc1",
        "|     `-cc2",
        "`-cron",
        "kthreadd",
        "`-kworker",
    ]


def test_siblings_are_sorted_within_their_parent() -> None:
    chosen = view("pid", descending=True, tree=True, user_threads=True)
    assert shown(frame_of(), chosen) == [1, 20, 10, 11, 12, 14, 15, 13]


def test_the_filter_keeps_the_ancestors_as_context() -> None:
    assert drawn(frame_of(), view(tree=True, query="make|cron")) == [
        "init.",
        "+-sshd.",
        "| `-bash.",
        "|   `-make",
        "`-cron",
    ]


def test_a_hidden_parent_makes_its_child_a_root() -> None:
    rows: list[Row] = [
        {"pid": 2, "ppid": 0, "flags": PF_KTHREAD},
        {"pid": 9, "ppid": 2, "comm": "helper"},
        {"pid": 10, "ppid": 9, "comm": "child"},
    ]
    assert drawn(frame_of(rows), view(tree=True)) == ["helper", "`-child"]


def test_a_hidden_ancestor_is_no_context_either() -> None:
    rows: list[Row] = [
        {"pid": 2, "ppid": 0, "flags": PF_KTHREAD},
        {"pid": 9, "ppid": 2, "comm": "helper"},
    ]
    projection = project(frame_of(rows), view(tree=True, query="helper"))
    assert projection.rows.tolist() == [1]
    assert projection.depth.tolist() == [0]


@pytest.mark.parametrize("tree", [False, True])
def test_nothing_to_show(*, tree: bool) -> None:
    assert shown(frame_of([]), view(tree=tree)) == []
    assert shown(frame_of(), view(tree=tree, query="nobody")) == []


@pytest.mark.parametrize("tree", [False, True])
def test_a_process_is_found_where_it_is_shown(*, tree: bool) -> None:
    frame = frame_of()
    projection = project(frame, view("comm", tree=tree))
    for position, row in enumerate(projection.rows.tolist()):
        identity = frame.sample.processes.identity(row)
        assert projection.position_of(frame, identity) == position


def test_what_is_not_shown_has_no_position() -> None:
    frame = frame_of()
    projection = project(frame, view())
    assert projection.position_of(frame, Identity(3, 1_000)) is None
    assert projection.position_of(frame, Identity(999, 1_000)) is None
    assert projection.position_of(frame, Identity(10, 1_001)) is None


PROCESS = st.tuples(
    st.integers(0, 14), st.integers(0, 2), st.booleans(), st.sampled_from("abc")
)


@given(
    st.lists(PROCESS, max_size=14), st.booleans(), st.booleans(), st.sampled_from("abc")
)
def test_tree_and_list_agree(
    family: list[tuple[int, int, bool, str]],
    kernel_threads: bool,  # noqa: FBT001 - drawn
    descending: bool,  # noqa: FBT001 - drawn
    word: str,
) -> None:
    """What matches is in both, once, and all else in the tree is context."""
    frame = frame_of(
        {
            "pid": pid,
            "ppid": ppid,
            "start_ticks": start,
            "flags": PF_KTHREAD if is_kernel else 0,
            "comm": name,
        }
        for pid, (ppid, start, is_kernel, name) in enumerate(family, 1)
    )
    choices: dict[str, Any] = {
        "kernel_threads": kernel_threads,
        "descending": descending,
    }
    flat = project(frame, view(query=word, **choices))
    grown = project(frame, view(query=word, tree=True, **choices))
    assert len(set(grown.rows.tolist())) == len(grown.rows)
    assert set(grown.rows[~grown.is_context].tolist()) == set(flat.rows.tolist())
    assert grown.hidden_kernel_threads == flat.hidden_kernel_threads
    everything = project(frame, view(tree=True, **choices))
    assert set(grown.rows.tolist()) <= set(everything.rows.tolist())
    assert not everything.is_context.any()
    check_guides(everything)


def check_guides(projection: Projection) -> None:
    """Compare the lines with what the depths say, read from below."""
    depth = projection.depth.tolist()
    lines = guides(projection, 0, len(depth))
    for position, flags in enumerate(lines):
        assert len(flags) == depth[position]
        for level, goes_on in enumerate(flags, 1):
            below = next((d for d in depth[position + 1 :] if d <= level), -1)
            assert goes_on == (below == level)
    for first in range(len(depth)):
        assert guides(projection, first, 3) == lines[first : first + 3]
