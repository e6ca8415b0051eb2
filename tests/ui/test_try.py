from tests.support.monitor import running


async def test_x() -> None:
    async with running() as m:
        await m.press("f2")
        print(m.text)
        await m.press("right", "down", "[", "<", "delete", "right", "enter")
        print(m.text)
        for _ in range(4):
            await m.press("left")
        for _ in range(8):
            await m.press("down")
            print(m.text)
        assert 0
