"""Choosing processes: tags, one user's, and the one that is followed."""

from tests.support.acting import SIZE, Children, app_of, said, tagged
from tests.support.monitor import running


async def test_tags_are_signs_that_stay_with_their_rows(family: Children) -> None:
    pids = [identity.pid for _, identity in family]
    async with running(app_of(family), SIZE) as monitor:
        await monitor.press("space")
        assert monitor.current_pid == pids[1]
        assert tagged(monitor) == pids[:1]
        assert "1 tagged" in monitor.text
        signed = [line for line in monitor.lines if line.startswith("*")]
        assert [str(pids[0]) in line for line in signed] == [True]
        await monitor.press("I")
        await monitor.sample()
        signed = [line for line in monitor.lines if line.startswith("*")]
        assert [str(pids[0]) in line for line in signed] == [True]
        await monitor.press("U")
        assert "tagged" not in monitor.text
        assert not any(line.startswith("*") for line in monitor.lines)


async def test_the_processes_of_one_user_are_shown() -> None:
    async with running(size=SIZE) as monitor:
        every = len(monitor.shown_pids)
        await monitor.press("u")
        assert "www-data" in monitor.text
        await monitor.press("end", "enter")
        assert "user www-data" in monitor.text
        assert 0 < len(monitor.shown_pids) < every
        await monitor.press("u", "home", "enter")
        assert len(monitor.shown_pids) == every
        await monitor.press("u", "escape")
        assert len(monitor.shown_pids) == every


async def test_who_is_followed_stays_in_sight_until_it_ends(family: Children) -> None:
    pid = family[1][1].pid
    async with running(app_of(family), SIZE) as monitor:
        await monitor.press("down", "F")
        assert f"following {pid}" in monitor.text
        await monitor.press("I", "P")
        await monitor.sample()
        assert monitor.current_pid == pid
        async with running(app_of([family[0]]), SIZE) as other:
            alone = other.frame
        await monitor.draw(alone)
        assert said(monitor) == f"followed PID {pid} has exited"
        assert "follows" not in monitor.text


async def test_following_ends_with_the_key_or_with_another_selection() -> None:
    async with running(size=(80, 24)) as monitor:
        await monitor.press("F")
        followed = monitor.current_pid
        assert f"following {followed}" in monitor.text
        await monitor.press("F")
        assert "follows" not in monitor.text
        await monitor.press("F", "down")
        await monitor.sample()
        assert "follows" not in monitor.text
        await monitor.press("home", "F", "N")
        table = monitor.table
        assert monitor.current_pid == followed
        assert 0 <= table.position - table.scroll_offset.y < table.size.height
