"""The server of docs/web.md: who may look, from where, and how many at a time."""

import os
import shlex
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import pyte
import pytest
from aiohttp import (
    ClientResponse,
    ClientSession,
    ClientWebSocketResponse,
    WSServerHandshakeError,
)

from scripts import web
from tests.support.patience import Patience, until

ROOT: Final = Path(__file__).parents[2]
COMMAND: Final = (
    sys.executable, "-m", "montauk_tui", "--collector", "traditional", "-d", "0.2",
)  # fmt: skip
SERVE: Final = """
import sys
from scripts import web
web.GuardedServer(sys.argv[1], "right", int(sys.argv[2])).serve()
"""


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind((web.HOST, 0))
        port = asked.getsockname()[1]
    assert isinstance(port, int)
    return port


def answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex((web.HOST, port)) == 0


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Serve as the script does, but for root too."""
    number, command = free_port(), f"exec {shlex.join(COMMAND)}"
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE, command, str(number)],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until(lambda: answers(number), "the server")
        yield number
    finally:
        server.terminate()
        server.wait()


class Client:
    """A browser that knows the password."""

    def __init__(self, session: ClientSession, port: int) -> None:
        self._session = session
        self._address = f"{web.HOST}:{port}"
        self.origin = f"http://localhost:{port}"
        self._headers = {
            "Host": f"localhost:{port}",
            "Origin": self.origin,
            "Authorization": "Basic bW9udGF1azpyaWdodA==",
        }

    async def get(self, path: str = "/", **changed: str) -> ClientResponse:
        address = f"http://{self._address}{path}"
        headers = {**self._headers, **changed}
        async with self._session.get(address, headers=headers) as answer:
            await answer.read()
        return answer

    async def look(self, **changed: str) -> ClientWebSocketResponse:
        address = f"ws://{self._address}/ws?width=90&height=25"
        headers = {**self._headers, **changed}
        return await self._session.ws_connect(address, headers=headers)


@pytest.fixture
async def client(port: int) -> AsyncIterator[Client]:
    async with ClientSession() as session:
        yield Client(session, port)


async def let_in(client: Client) -> ClientWebSocketResponse:
    """Look as soon as there is room: a monitor takes a moment to end."""
    patience = Patience()
    while True:
        try:
            return await client.look()
        except WSServerHandshakeError as refused:
            if refused.status != 503 or patience.is_over():
                raise


async def shown(browser: ClientWebSocketResponse, text: str) -> None:
    """Take what is sent until a text is on the screen."""
    screen = pyte.Screen(90, 25)
    stream, patience = pyte.ByteStream(screen), Patience()
    while not any(text in line for line in screen.display):
        assert not patience.is_over(), "\n".join(screen.display)
        stream.feed(await browser.receive_bytes())


async def test_the_page_asks_for_the_password(client: Client) -> None:
    for path in ("/", "/ws", "/static/js/textual.js", "/download/x", "/nothing"):
        for wrong in ("", "Basic bW9udGF1azp3cm9uZw==", "Bearer right", "\xe9"):
            answer = await client.get(path, Authorization=wrong)
            assert answer.status == 401, path
            assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert (await client.get()).status == 200
    assert (await client.get("/static/js/textual.js")).status == 200


async def test_another_name_for_the_machine_is_refused(client: Client) -> None:
    for name in ("rebound.example:8000", "localhost", "127.0.0.1:8000", ""):
        assert (await client.get(Host=name)).status == 403


async def test_the_page_may_fetch_from_here_alone(client: Client) -> None:
    policy = (await client.get()).headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert f"connect-src 'self' ws:{client.origin.partition(':')[2]}" in policy
    assert "frame-ancestors 'none'" in policy


async def test_a_page_of_another_origin_sees_nothing(client: Client) -> None:
    secure = client.origin.replace("http:", "https:")
    for origin in ("http://evil.example", "null", "", secure):
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.look(Origin=origin)
        assert refused.value.status == 403


async def test_the_monitor_is_on_the_page_and_acts_on_nothing(client: Client) -> None:
    browser = await let_in(client)
    await shown(browser, "read-only")
    await browser.close()


async def test_a_fifth_browser_is_refused_until_one_leaves(client: Client) -> None:
    browsers = [await let_in(client) for _ in range(web.MOST)]
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.look()
    assert refused.value.status == 503
    await shown(browsers[0], "F10 Quit")
    await browsers.pop().close()
    browsers.append(await let_in(client))
    for browser in browsers:
        await browser.close()


def test_root_serves_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert web.main([]) == 1
    assert capsys.readouterr().out.startswith("not as root")


def test_each_start_has_a_new_password_and_says_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    served: list[web.GuardedServer] = []
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    def serve(server: web.GuardedServer) -> None:
        served.append(server)

    monkeypatch.setattr(web.GuardedServer, "serve", serve)
    assert web.main(["--theme", "a b"]) == 0
    assert web.main([]) == 0
    assert [it.command for it in served] == [
        "exec montauk --read-only --theme 'a b'",
        "exec montauk --read-only",
    ]
    assert {it.host for it in served} == {"127.0.0.1"}
    lines = capsys.readouterr().out.splitlines()
    assert all(
        line.startswith("http://localhost:8000, user montauk, password ")
        for line in lines
    )
    assert len({line[-22:] for line in lines}) == 2
