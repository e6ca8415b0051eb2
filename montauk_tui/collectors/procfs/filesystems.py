"""File systems that are mounted, and how full they are (statvfs(3)).

statvfs waits for as long as a server or a FUSE process does not answer, so other
threads ask. The reader waits a moment for them.
"""

import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from montauk_tui.collectors.procfs.figures import Reasons
from montauk_tui.model.devices import Listed
from montauk_tui.model.text import clean

MOST_MOUNTS: Final = 512
"""Asked in a refresh: 5 ms where all are local."""
MOST_STUCK: Final = 4
"""Threads that wait for an answer before no further one is started."""
_WAIT_S: Final = 0.05
_PATIENT_S: Final = 1.0
"""With --json, which has one reading only."""

_ESCAPE: Final = re.compile(rb"\\([0-7]{3})")
"""How the kernel writes blanks, newlines and backslashes (seq_path)."""
_LEFT_WORDS: Final = 6

_TRIGGER: Final = b"autofs"
"""Asking it may mount something."""
_MAY_WAIT: Final = re.compile(
    rb"nfs|cifs|smb|fuse|9p|ceph|afs|gfs|ocfs|lustre|glusterfs"
)


_Answer = os.statvfs_result


class _Mount(NamedTuple):
    path: bytes
    device: bytes
    kind: bytes
    source: bytes
    is_read_only: bool


class FileSystems:
    """Asks every file system in each reading, except those that owe an answer."""

    def __init__(
        self, statvfs: Callable[[bytes], os.statvfs_result] = os.statvfs
    ) -> None:
        """Ask with `statvfs`."""
        self._statvfs = statvfs
        self._changed = threading.Condition()
        self._answers: dict[bytes, _Answer | str] = {}
        """The last answer by mount point, or why there was none."""
        self._asked_s: dict[bytes, float] = {}
        """Since when an answer is waited for."""
        self._round = self._done = 0
        self._text, self._mounts = b"", ()  # type: tuple[bytes, tuple[_Mount, ...]]

    def read(
        self, mountinfo: bytes, reasons: Reasons, *, is_patient: bool = False
    ) -> dict[str, Listed]:
        """Return those with blocks by mount point, as df(1) does.

        Args:
            mountinfo: /proc/self/mountinfo.
            reasons: Gets a line if there are too many.
            is_patient: Whether to wait a second rather than a moment.
        """
        if mountinfo != self._text:
            self._text, self._mounts = mountinfo, tuple(_mounts(mountinfo))
        mounts = self._mounts[:MOST_MOUNTS]
        if len(mounts) < len(self._mounts):
            unread = len(self._mounts) - len(mounts)
            total = len(self._mounts)
            line = f"{unread} of {total} file systems are not listed"
            reasons.add("self/mountinfo", line)
        self._ask(
            [mount.path for mount in mounts], _PATIENT_S if is_patient else _WAIT_S
        )
        with self._changed:
            known = {mount.path for mount in mounts}
            self._answers = {p: it for p, it in self._answers.items() if p in known}
            return dict(self._listed(mounts))

    def _ask(self, paths: Iterable[bytes], wait_s: float) -> None:
        """Have a thread ask, and wait for it a moment."""
        with self._changed:
            if len(self._asked_s) >= MOST_STUCK:
                return
            self._round += 1
            due = [path for path in paths if path not in self._asked_s]
            thread = threading.Thread(
                target=self._work, args=(due, self._round), name="montauk-mounts",
                daemon=True,
            )  # fmt: skip
            try:
                thread.start()
            except RuntimeError:
                # No thread can be started now; the last answers stay.
                return
            this = self._round
            self._changed.wait_for(lambda: self._done >= this, wait_s)

    def _work(self, paths: Iterable[bytes], this: int) -> None:
        for path in paths:
            with self._changed:
                if self._round != this:
                    # It had to wait so long that another thread goes on.
                    return
                self._asked_s[path] = time.monotonic()
            answer: _Answer | str
            try:
                answer = self._statvfs(path)
            except OSError as error:
                answer = error.strerror or type(error).__name__
            with self._changed:
                self._answers[path] = answer
                self._asked_s.pop(path, None)
        with self._changed:
            self._done = max(self._done, this)
            self._changed.notify_all()

    def _listed(self, mounts: Iterable[_Mount]) -> Iterable[tuple[str, Listed]]:
        now_s = time.monotonic()
        for mount in mounts:
            answer, asked_s = (
                self._answers.get(mount.path),
                self._asked_s.get(mount.path),
            )
            why = answer if isinstance(answer, str) else ""
            if asked_s is not None:
                answer, why = None, f"no answer for {now_s - asked_s:.0f} s"
            elif answer is None:
                why = "not asked yet: others do not answer"
            if not isinstance(answer, str) and answer is not None:
                if not answer.f_blocks:
                    continue
                values = _values(answer)
            else:
                values = {}
            yield clean(mount.path), Listed(values, _texts(mount), why)


def _values(answer: _Answer) -> Mapping[str, float]:
    size = answer.f_frsize
    return {
        "size_bytes": float(answer.f_blocks * size),
        "used_bytes": float((answer.f_blocks - answer.f_bfree) * size),
        "free_bytes": float(answer.f_bavail * size),
        "inodes": float(answer.f_files),
        "free_inodes": float(answer.f_ffree),
    }


def _texts(mount: _Mount) -> Mapping[str, str]:
    return {
        "fs_type": clean(mount.kind),
        "fs_source": clean(mount.source),
        "fs_mode": "ro" if mount.is_read_only else "rw",
    }


def _mounts(text: bytes) -> Iterable[_Mount]:
    """Return one mount of each device, the one with the shortest path.

    Of several at one path the last is seen. Those that may have to wait come last.
    """
    by_path: dict[bytes, _Mount] = {}
    for line in text.splitlines():
        left, dash, right = line.partition(b" - ")
        words, kinds = left.split(b" "), right.split(b" ")
        if not dash or len(words) < _LEFT_WORDS or len(kinds) < 2:  # noqa: PLR2004
            continue
        path, options = _plain(words[4]), words[5].split(b",")
        by_path.pop(path, None)
        is_read_only = b"ro" in options or b"ro" in right.rpartition(b" ")[2].split(
            b","
        )
        by_path[path] = _Mount(path, words[2], kinds[0], _plain(kinds[1]), is_read_only)
    by_device: dict[bytes, _Mount] = {}
    for mount in sorted(by_path.values(), key=lambda it: len(it.path)):
        if mount.kind != _TRIGGER:
            by_device.setdefault(mount.device, mount)
    return sorted(by_device.values(), key=lambda it: bool(_MAY_WAIT.match(it.kind)))


def _plain(word: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 8) & 0xFF]), word)
