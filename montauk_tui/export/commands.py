"""`--once`, `--batch` and `--json`: print the frames of a host and exit."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice

from montauk_tui.config import Settings
from montauk_tui.engine import query
from montauk_tui.engine.columns.column import Column
from montauk_tui.engine.columns.table import COLUMNS, pick
from montauk_tui.engine.live_and_exited import beside_exited, live_and_exited
from montauk_tui.engine.projection import View, project
from montauk_tui.engine.query.cuts import cut_commands
from montauk_tui.engine.rows.exited import with_exited
from montauk_tui.engine.schedule import Schedule
from montauk_tui.errors import RecordingEnded
from montauk_tui.export.cutnote import CutNote
from montauk_tui.export.jsonlines import frame_json
from montauk_tui.export.more_lists import chosen
from montauk_tui.export.output import terminal_width, write_stdout
from montauk_tui.export.process_texts import ProcessTexts
from montauk_tui.export.table import frame_table
from montauk_tui.host.base import Host
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Need

Open = Callable[[], Host]
"""Opens a host, once everything else is known to be valid."""


def tables(
    open_host: Open,
    settings: Settings,
    frames: int | None,
    limit: int | None,
    width: int | None = None,
) -> int:
    """Print the processes as tables with a blank line between them.

    Args:
        open_host: Opens the host.
        settings: Columns, order and filter.
        frames: The number of tables; None for no limit.
        limit: Most processes of a table; None for all.
        width: Cells of a line; None for those of the terminal, or all.
    """
    columns = pick(settings.columns, machine_scale=settings.machine_scale)
    width, gap = width or terminal_width(), ""

    def show(frame: Frame, view: View, cut: CutNote) -> None:
        listed = with_exited(frame, frame.interval_s or 0.0, frozenset())
        cut.at_least(cut_commands(listed, view.query))
        rows = project(listed, view).rows[:limit]
        nonlocal gap
        write_stdout(gap + "\n".join(frame_table(listed, rows, columns, width)))
        gap = "\n"

    _each_frame(open_host, settings, frames, show, columns)
    return 0


def json_lines(
    open_host: Open,
    settings: Settings,
    samples: int | None,
    limit: int | None,
    lists: str | None = None,
) -> int:
    """Print a JSON object for each sample; without `samples` until stopped.

    Raises:
        UsageError: One of the further `lists` is unknown.
    """
    texts, more = ProcessTexts(), {} if lists is None else chosen(lists)
    needs = Need.union(its.need for its in more.values())

    def show(frame: Frame, view: View, cut: CutNote) -> None:
        listed = beside_exited(frame)
        cut.at_least(cut_commands(listed, view.query))
        rows = live_and_exited(listed, view, limit)
        write_stdout(frame_json(frame, *rows, texts, more))

    _each_frame(open_host, settings, samples, show, needs=needs)
    return 0


def _each_frame(
    open_host: Open,
    settings: Settings,
    samples: int | None,
    show: Callable[[Frame, View, CutNote], None],
    columns: Sequence[Column] = (),
    needs: Need = Need.NONE,
) -> None:
    """Show `samples` frames, each with the rates of a whole interval.

    Programs want everything, so kernel threads are always listed.
    """
    sort = COLUMNS[settings.sort]
    view = View(
        sort=sort,
        descending=sort.descending
        if settings.descending is None
        else settings.descending,
        query=query.of_pids(settings.pids).both(query.parse(settings.filter)),
        tree=False,
        kernel_threads=True,
        user_threads=settings.user_threads,
        uid=settings.uid,
    )
    needs |= sort.need | view.query.needs | Need.AT_ONCE
    if settings.user_threads:
        needs |= Need.THREADS
    with CutNote() as cut, closing(open_host()) as host:
        for column in columns:
            needs |= column.show_need | (column.need & host.for_rates)
        for frame in islice(_frames(host, needs, settings.interval_s), samples):
            show(frame, view, cut)


def _frames(host: Host, needs: Need, interval_s: float) -> Iterator[Frame]:
    """Yield frames, each with the rates of a whole interval, until a recording ends.

    Raises:
        RecordingEnded: A recording has not even two samples.
    """
    # CPU use of threads is a rate, too.
    frame = host.next_frame(needs & (host.for_rates | Need.THREADS))
    schedule = Schedule(interval_s, frame.sample.monotonic_s)
    while True:
        if host.is_live:
            time.sleep(max(0.0, schedule.due_s - time.monotonic()))
        try:
            frame = host.next_frame(needs)
        except RecordingEnded:
            if frame.interval_s is None:
                raise
            return
        schedule.took(frame.sample.monotonic_s)
        yield frame
