"""Start a montauk in a pseudo-terminal, wait for its first screen, quit with `q`.

Runs in the chroot, with the Python of the package alone. Exits with 1 if there is no
screen with processes, or if montauk does not end well.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

PATIENCE_S = 120
WANTED = (b"montauk", b"PID", b"Command")


def screen(terminal: int, deadline: float) -> bytes:
    """Return what montauk writes until everything wanted is there."""
    seen = b""
    while not all(text in seen for text in WANTED) and time.monotonic() < deadline:
        if select.select([terminal], [], [], 1)[0]:
            seen += read(terminal)
    return seen


def read(terminal: int) -> bytes:
    """Return what is there; the kernel says EIO where the other end is closed."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def main() -> int:
    start = time.monotonic()
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(sys.argv[1], [sys.argv[1]])  # noqa: S606 - in the new terminal
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    seen = screen(terminal, start + PATIENCE_S)
    lasted = time.monotonic() - start
    missing = [text.decode() for text in WANTED if text not in seen]
    if missing:
        print(f"no {missing} on the first screen: {seen[-400:]!r}")
        return 1
    os.write(terminal, b"q")
    while read(terminal):
        pass
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(f"first screen after {lasted:.1f} s, exit status {status}")
    return status


if __name__ == "__main__":
    sys.exit(main())
