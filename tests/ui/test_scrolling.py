"""Lists that get longer and shorter."""

from textual.app import App, ComposeResult
from textual.scroll_view import ScrollView

from montauk_tui.ui.widgets.scrolling import set_line_count


class Lines(App[None]):
    """A list of lines."""

    def compose(self) -> ComposeResult:
        yield ScrollView()


async def test_lines_come_back_before_the_empty_list_was_drawn() -> None:
    """As while a filter is typed that nothing matches until its last letter."""
    app = Lines()
    async with app.run_test(size=(20, 10)) as pilot:
        view = app.query_one(ScrollView)
        set_line_count(view, 100)
        await pilot.pause()
        assert view.show_vertical_scrollbar
        for count in (0, 50):
            set_line_count(view, count)
        await pilot.pause()
        assert view.virtual_size.height == 50
        assert view.show_vertical_scrollbar
