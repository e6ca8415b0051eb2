"""The header: host name and totals, and the configured meters in order.

With few CPUs each has a bar beside the other meters; with more the bars take the whole
width; with very many each CPU is one cell of a heat strip.
"""

from montauk_tui.model.frame import Frame
from montauk_tui.ui.widgets.lines import Line
from montauk_tui.ui.widgets.meters.layout import lay_out
from montauk_tui.ui.widgets.meters.style import MeterStyle
from montauk_tui.ui.widgets.meters.title import draw_title

__all__ = ["MeterStyle", "draw_meters"]


def draw_meters(frame: Frame, look: MeterStyle) -> list[Line]:
    """Return the lines of the header, the title line first."""
    return [draw_title(frame, look), *lay_out(frame, look)]
