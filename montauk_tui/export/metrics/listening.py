"""Where the exporter listens: an address and a port, or a socket in the file system."""

import ipaddress
import os
import secrets
import socket
import stat
from contextlib import suppress
from typing import Final, Protocol

from montauk_tui import streams
from montauk_tui.errors import MontaukError, UsageError
from montauk_tui.model.text import named, quoted

_BACKLOG: Final = 16
_LARGEST_PORT: Final = 65_535
_MODE: Final = 0o660
_FOLDER: Final = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


class Listener(Protocol):
    """A socket that listens."""

    @property
    def socket(self) -> socket.socket:
        """Which one."""
        ...

    @property
    def address(self) -> str:
        """Where, as a client writes it."""
        ...

    def close(self) -> None:
        """Listen no more."""
        ...


def parse_address(text: str) -> tuple[str, int]:
    """Return host and port of `127.0.0.1:9797`, `[::1]:9797` or `localhost:9797`.

    Raises:
        UsageError: It is no address with a port.
    """
    host, _, port = text.rpartition(":")
    is_number = port.isascii() and port.isdigit() and len(port) <= len("65535")
    address = _ip_address(host)
    if address is None or not is_number or int(port) > _LARGEST_PORT:
        raise UsageError(
            f"--listen: {quoted(text)} is not an address and a port",
            "write for example 127.0.0.1:9797 or [::1]:9797",
        )
    return address, int(port)


def _ip_address(host: str) -> str | None:
    """Return an address, in version 6 between brackets; None if it is not one."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        if host.startswith("[") and host.endswith("]"):
            return str(ipaddress.IPv6Address(host[1:-1]))
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        return None


class TcpListener:
    """Listens on an address of this machine."""

    def __init__(self, host: str, port: int) -> None:
        """Open it.

        Raises:
            MontaukError: The address is in use, or not of this machine.
        """
        is_ip6 = ":" in host
        name = f"[{host}]" if is_ip6 else host
        self.socket = socket.socket(socket.AF_INET6 if is_ip6 else socket.AF_INET)
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind((host, port))
            self.socket.listen(_BACKLOG)
        except OSError as error:
            self.socket.close()
            raise MontaukError(
                f"cannot listen on {name}:{port}: {error.strerror}",
                "choose another with --listen",
            ) from error
        self.address = f"http://{name}:{self.socket.getsockname()[1]}/metrics"
        if not ipaddress.ip_address(host).is_loopback:
            streams.complain(
                f"{name} can be reached by other machines, without encryption or a "
                "password: they can read names of programs, users and cgroups"
            )

    def close(self) -> None:
        """Listen no more."""
        self.socket.close()


class UnixListener:
    """Listens on a socket in the file system, for its owner and group (0660)."""

    def __init__(self, path: str) -> None:
        """Open it.

        Raises:
            MontaukError: There is something else of that name, or none can be made.
        """
        folder, self._name = os.path.split(path)
        try:
            # Nobody can put another folder in place of an open one; and a path through
            # its descriptor is short enough for any name (unix(7)).
            self._folder = os.open(folder or ".", _FOLDER)
        except OSError as error:
            raise MontaukError(
                f"cannot listen on {named(path)}: {named(folder)}: {error.strerror}",
                "make the folder, or choose another path with --unix",
            ) from error
        self.socket = socket.socket(socket.AF_UNIX)
        self.address = f"{path}, a socket: GET /metrics"
        try:
            if why := self._taken():
                raise _cannot(path, why)
            self._bind()
            self.socket.listen(_BACKLOG)
            self._status = self._lstat()
        except OSError as error:
            self._release()
            raise _cannot(path, error.strerror or str(error)) from error
        except MontaukError:
            self._release()
            raise

    def _here(self, name: str) -> str:
        return f"/proc/self/fd/{self._folder}/{name}"

    def _lstat(self) -> os.stat_result:
        return os.stat(self._name, dir_fd=self._folder, follow_symlinks=False)

    def _taken(self) -> str:
        """Return why the name cannot be used; empty if it can."""
        try:
            status = self._lstat()
        except FileNotFoundError:
            return ""
        if not stat.S_ISSOCK(status.st_mode):
            return "it exists and is not a socket"
        if status.st_uid != os.geteuid():
            return f"it belongs to user {status.st_uid}"
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(self._here(self._name))
            except ConnectionRefusedError:
                return ""
            except OSError as error:
                return error.strerror or str(error)
        return "another program listens on it"

    def _bind(self) -> None:
        """Make the socket under another name, and give it its own in one step."""
        new = f".montauk.{secrets.token_hex(8)}"
        # A socket has the mode that the mask leaves it at bind(2).
        before = os.umask(0o777 & ~_MODE)
        try:
            self.socket.bind(self._here(new))
        finally:
            os.umask(before)
        try:
            os.rename(new, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        except OSError:
            with suppress(OSError):
                os.unlink(new, dir_fd=self._folder)
            raise

    def _release(self) -> None:
        self.socket.close()
        os.close(self._folder)

    def close(self) -> None:
        """Listen no more, and remove the socket if it is still this one."""
        with suppress(OSError):
            now = self._lstat()
            if os.path.samestat(now, self._status):
                os.unlink(self._name, dir_fd=self._folder)
        self._release()


def _cannot(path: str, why: str) -> MontaukError:
    return MontaukError(
        f"cannot listen on {named(path)}: {why}",
        "remove it, or choose another path with --unix",
    )
