"""Shows montauk in a browser, behind a password; docs/web.md says what is at risk.

`python web.py [OPTION...]`, with options of montauk, in an environment that has
textual-serve; `montauk` must be on the PATH. It listens on the loopback interface and
prints the password. textual-serve itself has no login, and answers pages of any origin.
"""

import hmac
import os
import secrets
import shlex
import sys
from base64 import b64encode
from collections.abc import Sequence
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from textual_serve.server import Server

HOST: Final = "127.0.0.1"
PORT: Final = 8000
USER: Final = "montauk"
MOST: Final = 4
"""Browsers at a time; each has its own monitor, of 50 MiB."""

_CONTENT: Final = "Content-Security-Policy"


class GuardedServer(Server):
    """Serves a program to those who know the password, and to its own page alone."""

    def __init__(self, command: str, password: str, port: int = PORT) -> None:
        """Serve the command at http://localhost:PORT."""
        self.name = f"localhost:{port}"
        super().__init__(command, HOST, port, "montauk", f"http://{self.name}")
        self._login = b"Basic " + b64encode(f"{USER}:{password}".encode())
        self._browsers = 0
        self._policy = (
            "default-src 'self' 'unsafe-inline' data:; frame-ancestors 'none'; "
            f"connect-src 'self' ws://{self.name}"
        )

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._guard)
        return app

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        self._refuse(request)
        if request.path != "/ws":
            response = await handler(request)
            response.headers[_CONTENT] = self._policy
            return response
        self._browsers += 1
        try:
            return await handler(request)
        finally:
            self._browsers -= 1

    def _refuse(self, request: web.Request) -> None:
        """Raise the answer for those who may not look."""
        # A foreign name that leads here, and a foreign page that connects here, would
        # both come with the password that the browser knows.
        if request.host != self.name:
            raise web.HTTPForbidden(text=f"open {self.public_url}")
        given = request.headers.get(hdrs.AUTHORIZATION, "")
        if not hmac.compare_digest(given.encode(), self._login):
            ask = {hdrs.WWW_AUTHENTICATE: 'Basic realm="montauk", charset="UTF-8"'}
            raise web.HTTPUnauthorized(headers=ask)
        if request.path == "/ws":
            if request.headers.get(hdrs.ORIGIN) != self.public_url:
                raise web.HTTPForbidden(text="a page of another origin")
            if self._browsers >= MOST:
                raise web.HTTPServiceUnavailable(text=f"{MOST} browsers look already")


def main(options: Sequence[str]) -> int:
    """Serve until Ctrl+C."""
    if os.geteuid() == 0:
        print("not as root: load the probes for a group instead, see docs/probes.md")
        return 1
    password = secrets.token_urlsafe(16)
    command = shlex.join(["exec", "montauk", "--read-only", *options])
    print(f"http://localhost:{PORT}, user {USER}, password {password}", flush=True)
    GuardedServer(command, password).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
