"""Another number of lines to scroll through, without a layout pass.

Textual lays the whole screen out when the virtual size of a widget changes. Nothing
moves by it unless the scroll bar appears or goes, and the bar itself looks different
only when there are many more lines or fewer.
"""

import math

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar

_STEPS = 8
"""Parts of a cell that a scroll bar is drawn in."""


def set_line_count(view: ScrollView, count: int) -> None:
    """Let a view scroll through `count` lines."""
    if take_line_count(view, count):
        view.refresh(layout=True)


def take_line_count(view: ScrollView, count: int) -> bool:
    """Do the same without the layout pass; tell whether it needs one.

    The lines may be drawn before that: only the bar is out of date.
    """
    before = view.virtual_size.height
    if count == before:
        return False
    height = view.size.height
    has_bar = view.show_vertical_scrollbar
    is_moved = not height or has_bar != (count > height)
    # Reactive attributes would ask for a layout each.
    view.set_reactive(ScrollView.virtual_size, Size(0, count))
    if has_bar and not is_moved:
        bar, top = view.vertical_scrollbar, view.scroll_offset.y
        bar.set_reactive(ScrollBar.window_virtual_size, count)
        if _thumb(before, height, top) != _thumb(count, height, top):
            bar.refresh()
    view.scroll_y = view.validate_scroll_y(view.scroll_y)
    return is_moved


def _thumb(count: int, height: int, top: int) -> tuple[int, int]:
    """Return where the thumb of a scroll bar begins and ends, in parts of a cell.

    As in `ScrollBarRender.render_bar` of Textual.
    """
    size = max(1.0, height * height / max(1, count))
    start = int((height - size) * top / max(1, count - height) * _STEPS)
    return start, start + math.ceil(size * _STEPS)
