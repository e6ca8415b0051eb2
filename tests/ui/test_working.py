"""Work in steps: keys are read and frames are drawn between them."""

from montauk_tui.session.effects import Say, Steps, Work
from tests.support.monitor import running

_MOST: int = 100_000


async def test_a_key_is_answered_while_work_goes_on() -> None:
    async with running() as monitor:
        controller = monitor.app.controller
        first = controller.session.selection.position

        def steps() -> Steps:
            for _ in range(_MOST):
                if controller.session.selection.position != first:
                    return Say("the key was answered", "information")
                yield
            return Say("the key was not answered")

        controller.perform(Work(steps()))
        await monitor.press("down")
        await monitor.app.workers.wait_for_complete()
        await monitor.settle()
        assert "the key was answered" in monitor.text


async def test_work_is_stopped_when_the_program_quits() -> None:
    ends: list[str] = []

    def steps() -> Steps:
        try:
            while True:
                yield
        finally:
            ends.append("stopped")

    async with running() as monitor:
        monitor.app.controller.perform(Work(steps()))
        await monitor.settle()
        assert not ends
    assert ends == ["stopped"]
