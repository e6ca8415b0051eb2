"""The last minutes of a live machine on the screen."""

import pytest

from montauk_tui.config import Settings
from montauk_tui.host.remembering import RememberingHost
from montauk_tui.model.sample import Sample
from tests.support.builders import BOOT_S, USER_HZ, make_sample
from tests.support.exits import make_exits
from tests.support.monitor import Monitor, make_app, running
from tests.support.replay import opened_replay
from tests.ui.test_rewinding import rows

TALL = (120, 44)


def samples() -> list[Sample]:
    return [make_sample(rows(at), after_s=float(at)) for at in range(6)]


def host(age_s: float = 900.0) -> RememberingHost:
    return RememberingHost(opened_replay(samples()), age_s, 1 << 24)


async def taken(monitor: Monitor, count: int) -> None:
    """Let the monitor take samples until it has so many."""
    past = monitor.app.session.past
    assert past is not None
    while len(past.timeline.wall_s) < count:
        await monitor.sample()


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        (["["], "at4"),
        (["[", "[", "["], "at2"),
        (["[", "[", "[", "]"], "at3"),
        (["{"], "at0"),
        (["ctrl+home"], "at0"),
        (["ctrl+home", "[", "["], "at0"),
        (["b", *"-2s", "enter"], "at3"),
        (["[", "b", *"-2s", "enter"], "at3"),
    ],
)
async def test_keys_go_back(keys: list[str], name: str) -> None:
    async with running(make_app(host=host()), TALL) as monitor:
        await taken(monitor, 6)
        await monitor.press(*keys)
        await monitor.until(lambda: " PAST " in monitor.text)
        await monitor.until(lambda: f" {name}" in monitor.text)
        back = 5 - int(name[-1])
        assert f"{back} s ago; Esc: now" in monitor.text
        assert "PAUSED" not in monitor.text


async def test_what_is_not_remembered_is_said() -> None:
    async with running(make_app(host=host()), TALL) as monitor:
        await taken(monitor, 6)
        await monitor.press("]")
        await monitor.until(lambda: "there is no later sample" in monitor.text)
        assert " PAST " not in monitor.text
        await monitor.press("b", *"-2h", "enter")
        await monitor.until(lambda: "'-2h': the first sample is of" in monitor.text)
        await monitor.press("[")
        await monitor.until(lambda: "there is no earlier sample" in monitor.text)
        await monitor.press("n", "enter")
        await monitor.until(lambda: "no exit before this" in monitor.text)


@pytest.mark.parametrize(
    "keys", [["escape"], ["]", "]", "]"], ["}"], ["ctrl+end"], ["b", *"now", "enter"]]
)
async def test_keys_return_to_now(keys: list[str]) -> None:
    async with running(make_app(host=host()), TALL) as monitor:
        await taken(monitor, 6)
        await monitor.press("[", "[", "[")
        await monitor.until(lambda: " at2" in monitor.text)
        await monitor.press(*keys)
        await monitor.until(lambda: " at5" in monitor.text)
        assert " PAST " not in monitor.text


async def test_sampling_goes_on_in_the_past() -> None:
    async with running(make_app(host=host()), TALL) as monitor:
        await taken(monitor, 3)
        await monitor.press("[")
        await monitor.until(lambda: " at1" in monitor.text)
        assert ", 1 s ago" in monitor.text
        await monitor.press("ctrl+l")
        await monitor.until(lambda: ", 2 s ago" in monitor.text)
        assert " at1" in monitor.text
        past = monitor.app.session.past
        assert past is not None
        assert len(past.timeline.wall_s) == 4


async def test_what_needs_more_samples_than_there_are_stays_here() -> None:
    async with running(make_app(host=host(0.5)), TALL) as monitor:
        await monitor.press("b", *"soon", "enter")
        await monitor.until(lambda: "'soon' is not a moment" in monitor.text)
        assert " PAST " not in monitor.text


async def test_processes_of_the_past_are_only_looked_at() -> None:
    async with running(make_app(host=host()), TALL) as monitor:
        await taken(monitor, 4)
        await monitor.press("[")
        await monitor.until(lambda: " PAST " in monitor.text)
        await monitor.press("k")
        await monitor.until(lambda: "this is the past: Esc returns to now"
                            in monitor.text)  # fmt: skip
        assert monitor.is_alone


async def test_a_click_on_the_timeline_goes_there() -> None:
    async with running(make_app(host=host()), TALL) as monitor:
        await taken(monitor, 6)
        # The first cell is the first second: at0.
        await monitor.click("#timeline", 6 + 2, 1)
        await monitor.until(lambda: " at2" in monitor.text)
        await monitor.click("#timeline", 6 + 5, 1)
        await monitor.until(lambda: " PAST " not in monitor.text)


async def test_the_timeline_needs_a_tall_screen_or_a_key() -> None:
    def is_shown() -> bool:
        return any("cores│" in line for line in monitor.lines)

    async with running(make_app(host=host()), (120, 30)) as monitor:
        await taken(monitor, 3)
        assert not is_shown()
        await monitor.press("L")
        assert is_shown()
        await monitor.press("L")
        assert not is_shown()
        await monitor.resize(120, 44)
        await monitor.sample()
        assert not is_shown()


async def test_without_a_past_there_is_no_timeline() -> None:
    async with running(make_app(settings=Settings(timeline="on")), TALL) as monitor:
        assert not monitor.app.controller.main.timeline.display
        await monitor.press("[")
        assert "nothing is remembered: the setting remember is 0" in monitor.text


def churning() -> RememberingHost:
    """Return a machine where one process exits in each second, one of them failed."""
    taken = [
        make_sample(
            [{"pid": 1, "utime": 50 * at}],
            after_s=float(at),
            exits=make_exits(
                [{"pid": 100 + at, "comm": f"gone{at}",
                  "utime_ns": 2 * 10**8, "stime_ns": 5 * 10**7,
                  "exit_code": int(at == 2), "end_ns": at * 10**9,
                  "start_ticks": int((BOOT_S + at - 0.5) * USER_HZ)}]
            ),
        )
        for at in range(6)
    ]  # fmt: skip
    return RememberingHost(opened_replay(taken), 900.0, 1 << 24)


async def test_a_range_is_summed_up_with_all_that_exited_in_it() -> None:
    async with running(make_app(host=churning()), TALL) as monitor:
        await taken(monitor, 6)
        await monitor.press("[", "[", "[", "[")
        await monitor.until(lambda: ", 4 s ago" in monitor.text)
        await monitor.press("(", "]", "]", "]")
        await monitor.until(lambda: ", 1 s ago" in monitor.text)
        await monitor.press(")")
        await monitor.until(lambda: " SUM " in monitor.text)
        assert ", 3 s, 1 s ago; Esc: now" in monitor.text
        assert "a sum begins" not in monitor.text
        gone = [name for at in range(6) if (name := f"gone{at}") in monitor.text]
        assert gone == ["gone2", "gone3", "gone4"]
        ledger = monitor.frame.ledger
        assert ledger is not None
        assert ledger.interval_s == 3.0
        assert ledger.exited_s == pytest.approx(3 * 0.25)
        await monitor.press("[")
        await monitor.until(lambda: " PAST " in monitor.text)


async def test_a_range_may_end_now() -> None:
    async with running(make_app(host=churning()), TALL) as monitor:
        await taken(monitor, 6)
        await monitor.press("ctrl+home")
        await monitor.until(lambda: ", 5 s ago" in monitor.text)
        await monitor.press("(", "escape", ")")
        await monitor.until(lambda: " SUM " in monitor.text)
        assert ", 5 s; Esc: now" in monitor.text


async def test_a_sum_needs_a_begin() -> None:
    async with running(make_app(host=churning()), TALL) as monitor:
        await monitor.press(")")
        assert "no begin is marked: ( marks one" in monitor.text


@pytest.mark.parametrize(
    ("keys", "ago"),
    [
        ((), ", 1 s ago"),
        (("down",), ", 3 s ago"),
    ],
)
async def test_a_search_goes_to_the_previous_one(keys: list[str], ago: str) -> None:
    async with running(make_app(host=churning()), TALL) as monitor:
        await taken(monitor, 6)
        await monitor.press("n")
        assert "previous failure" in monitor.text
        await monitor.press(*keys, "enter")
        await monitor.until(lambda: ago in monitor.text)


async def test_a_search_takes_the_filter_and_the_last_choice() -> None:
    async with running(make_app(host=churning()), TALL) as monitor:
        await taken(monitor, 6)
        await monitor.press("f4", *"gone3", "enter", "n")
        assert "previous exit that matches" in monitor.text
        await monitor.press("enter")
        await monitor.until(lambda: ":43 over 1.0 s" in monitor.text)
        await monitor.press("n", "enter")
        await monitor.until(lambda: "no exit that matches before this" in monitor.text)
        assert ":43 over 1.0 s" in monitor.text
        # Back from there it goes the other way.
        await monitor.press("ctrl+home", "n", *["down"] * 6, "enter")
        await monitor.until(lambda: ":43 over 1.0 s" in monitor.text)


async def test_what_is_not_found_leaves_the_screen_as_it_is() -> None:
    async with running(make_app(host=churning()), TALL) as monitor:
        await taken(monitor, 6)
        await monitor.press("n", *["down"] * 3, "enter")
        assert "no out-of-memory kill before this" in monitor.text
        await monitor.press("f4", *"nobody", "enter", "n", "home", "enter")
        await monitor.until(lambda: "no exit that matches before this" in monitor.text)
        assert " PAST " not in monitor.text


async def test_a_live_machine_has_one_speed() -> None:
    async with running(make_app(host=host()), TALL) as monitor:
        await monitor.press("z")
        assert "only a recording plays: this is live" in monitor.text
