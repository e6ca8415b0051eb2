"""A list of lines to choose from, fit for terminals of few abilities."""

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.style import Style as VisualStyle
from textual.widgets import OptionList
from textual.widgets.option_list import Option

_REVERSED = Style(reverse=True)


class ChoiceList(OptionList):
    """Reverses the selected line without colours; draws a rule in ASCII if wanted."""

    def render_line(self, y: int) -> Strip:
        """Return a line of the visible part."""
        strip = super().render_line(y)
        at = self.highlighted
        if at is None or not (self.has_focus and self.app.native_ansi_color):
            return strip
        if self._index_to_line.get(at) != y + self.scroll_offset.y:
            return strip
        segments = [Segment(it.text, (it.style or Style()) + _REVERSED) for it in strip]
        return Strip(segments, strip.cell_length)

    def _get_option_render(self, option: Option, style: VisualStyle) -> list[Strip]:
        strips = super()._get_option_render(option, style)
        if not (option._divider and self.app.has_class("ascii")):  # noqa: SLF001
            return strips
        rule = strips[-1]
        dashes = [Segment("-" * rule.cell_length, it.style) for it in rule]
        return [*strips[:-1], Strip(dashes[:1])]
