"""The monitor in a browser: what textual-serve gets of it, and what it takes."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Final, Self

import pyte
import pytest

from montauk_tui import streams
from tests.support.patience import Patience, until
from tests.support.terminal import Terminal

MONTAUK: Final = (
    sys.executable, "-m", "montauk_tui", "--collector", "traditional", "-d", "0.2",
)  # fmt: skip
SERVED: Final = {"TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver"}


class Browser:
    """Starts the monitor as textual-serve does, and shows what a browser would."""

    def __init__(self, *options: str, size: tuple[str, str] = ("100", "30")) -> None:
        environment = {
            **os.environ, **SERVED, "COLUMNS": size[0], "ROWS": size[1], "TERM": "",
        }  # fmt: skip
        self.screen = pyte.Screen(100, 30)
        self._stream = pyte.ByteStream(self.screen)
        self._held = b""
        self.said: list[dict[str, object]] = []
        self.process = subprocess.Popen(
            [*MONTAUK, *options], env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            bufsize=0,
        )  # fmt: skip
        assert self.process.stdin
        assert self.process.stdout
        assert self.process.stderr
        self._keys, self._pictures = self.process.stdin, self.process.stdout
        self._errors = self.process.stderr

    def __enter__(self) -> Self:
        assert self._pictures.readline() == b"__GANGLION__\n"
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self._keys, self._pictures, self._errors):
            pipe.close()

    @property
    def lines(self) -> list[str]:
        return list(self.screen.display)

    def shows(self, text: str) -> Callable[[], bool]:
        return lambda: any(text in line for line in self.lines)

    def until(self, seen: Callable[[], object]) -> None:
        """Take packets until `seen` returns something true."""
        patience = Patience()
        while not seen():
            assert not patience.is_over(), "\n".join(self.lines)
            if select.select([self._pictures], [], [], 0.05)[0]:
                self._held += os.read(self._pictures.fileno(), 65536)
                self._take()

    def _take(self) -> None:
        """Show the packets that came whole."""
        while len(self._held) >= 5:
            end = 5 + int.from_bytes(self._held[1:5], "big")
            if len(self._held) < end:
                return
            kind, content = self._held[:1], self._held[5:end]
            self._held = self._held[end:]
            if kind == b"D":
                self._stream.feed(content)
            else:
                self.said.append(json.loads(content))

    def send(self, kind: bytes, content: bytes) -> None:
        self._keys.write(kind + len(content).to_bytes(4, "big") + content)

    def resize(self, width: object, height: object) -> None:
        size = {"type": "resize", "width": width, "height": height}
        self.send(b"M", json.dumps(size).encode())

    def leave(self) -> None:
        """Go without a word, as a server that is killed."""
        self._keys.close()

    def errors(self) -> bytes:
        """Return what a program that has ended has complained of."""
        return self._errors.read() or b""

    def exit_code(self) -> int:
        until(lambda: self.process.poll() is not None)
        return self.process.returncode


@pytest.fixture
def browser() -> Iterator[Browser]:
    with Browser() as it:
        # What is drawn before its size is known has room for the last key only.
        it.until(it.shows("F1 Help"))
        yield it


def test_it_has_the_size_of_the_browser_and_is_read_only(browser: Browser) -> None:
    assert browser.lines[29].startswith("F1 Help")
    assert not browser.shows("F9")()
    assert browser.shows("read-only")()
    browser.screen.resize(40, 120)
    browser.resize(120, 40)
    browser.until(lambda: "F10 Quit" in browser.lines[39])


@pytest.mark.parametrize(
    ("width", "height"),
    [("1e9", -1), (None, [1]), (10**9, 10**9), (0, 0)],
)
def test_a_size_that_is_no_size_is_the_usual_one(
    browser: Browser, width: object, height: object
) -> None:
    browser.resize(width, height)
    browser.until(lambda: "F10 Quit" in browser.lines[23])


def test_its_first_size_is_bounded_as_well() -> None:
    with Browser(size=("999999999", "x")) as browser:
        browser.until(lambda: "F10 Quit" in browser.lines[23])


def test_keys_arrive_and_q_ends_it(browser: Browser) -> None:
    browser.send(b"D", b"\x1bOP")
    browser.until(browser.shows("Moving"))
    browser.send(b"D", b"q")
    browser.until(lambda: not browser.shows("Moving")())
    browser.send(b"D", b"q")
    browser.until(lambda: {"type": "exit"} in browser.said)
    assert browser.exit_code() == 0


def test_it_ends_with_a_page_that_is_closed(browser: Browser) -> None:
    browser.send(b"M", b'{"type": "quit"}')
    assert browser.exit_code() == 0


def test_it_ends_with_a_server_that_is_gone(browser: Browser) -> None:
    browser.leave()
    assert browser.exit_code() == 0
    assert browser.errors() == b""


def test_the_variable_means_nothing_to_a_terminal() -> None:
    with Terminal(MONTAUK, environment=SERVED) as terminal:
        terminal.until_shown("F9 Kill", "F10 Quit")
        assert b"__GANGLION__" not in terminal.output
        terminal.type("q")
        assert terminal.exit_code() == 0


@pytest.mark.parametrize("driver", ["", "os:environ", "textual.drivers.web_driver:X"])
def test_another_driver_is_no_browser(driver: str) -> None:
    done = subprocess.run(
        MONTAUK, env={**os.environ, "TEXTUAL_DRIVER": driver},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "the monitor needs a terminal: stdin is not one" in done.stderr


def test_sizes_are_bounded() -> None:
    assert streams.bounded(100, 30) == (100, 30)
    assert streams.bounded("9999", "9999") == (2000, 1000)
    assert streams.bounded(None, "") == (80, 24)
    assert streams.bounded(True, 10**9) == (80, 24)  # noqa: FBT003 - JSON has it
