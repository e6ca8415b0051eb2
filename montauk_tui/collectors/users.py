"""User names by uid; samples and key presses never wait for a directory service.

The names in /etc/passwd are read at once. Any other uid may live in LDAP or another
NSS source that answers in seconds or never: it is asked in a separate thread, and
until it answers the number is shown.
"""

import pwd
import queue
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from montauk_tui.model.text import clean, clean_text

_PATIENCE_S: Final = 0.1
"""How long a sample waits for the names of users it sees for the first time."""


class UserNames:
    """Sanitised user names, cached; safe to use from any thread."""

    def __init__(self, passwd: Path = Path("/etc/passwd")) -> None:
        """Read the local users; without a readable file there are none."""
        self._names = read_names(passwd)
        self._asked: set[int] = set()
        self._pending: set[int] = set()
        self._questions: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._asking = threading.Lock()

    def prepare(self, uids: Iterable[int]) -> None:
        """Look up the names of `uids`, and give quick answers a moment to arrive."""
        asked = [
            uid for uid in uids if uid not in self._names and uid not in self._asked
        ]
        for uid in asked:
            self._ask(uid)
        deadline = time.monotonic() + _PATIENCE_S
        while self._pending and time.monotonic() < deadline and asked:
            time.sleep(_PATIENCE_S / 20)

    def name(self, uid: int) -> str:
        """Return the name of `uid`, or its number while none is known."""
        name = self._names.get(uid)
        if name is None:
            self._ask(uid)
            return str(uid)
        return name

    def close(self) -> None:
        """Let the thread exit; it is not waited for."""
        with self._asking:
            if self._thread is not None:
                self._questions.put(None)
                self._thread = None

    def _ask(self, uid: int) -> None:
        if uid in self._asked:
            return
        with self._asking:
            if uid in self._asked:
                return
            self._asked.add(uid)
            self._pending.add(uid)
            self._questions.put(uid)
            if self._thread is None:
                thread = threading.Thread(
                    target=self._answer, name="montauk-users", daemon=True
                )
                try:
                    thread.start()
                except (RuntimeError, MemoryError):
                    # No thread can be started: the number is shown.
                    self._pending.discard(uid)
                else:
                    self._thread = thread

    def _answer(self) -> None:
        while (uid := self._questions.get()) is not None:
            try:
                name = pwd.getpwuid(uid).pw_name
                self._names[uid] = clean_text(name)
            except (KeyError, OverflowError):
                pass
            finally:
                self._pending.discard(uid)


def read_names(path: Path) -> dict[int, str]:
    """Return the sanitised names in a file such as passwd(5) or group(5), by number."""
    names: dict[int, str] = {}
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return names
    for line in lines:
        fields = line.split(b":")
        if len(fields) > 2 and fields[2].isdigit():  # noqa: PLR2004 - name:password:uid
            names.setdefault(int(fields[2]), clean(fields[0]))
    return names
