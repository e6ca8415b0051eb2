"""DuckDB, which comes with the extra `sql`: an embedded engine that has Parquet."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from montauk_tui.errors import MontaukError
from montauk_tui.model.text import clean_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

# An hour of most installations passes without it.
# ruff: noqa: PLC0415

_T = TypeVar("_T")

EXTRA: Final = "pip install 'montauk-tui[sql]'"

_HEARD_S: Final = 0.1
"""How late a signal may be handled."""

_SETTINGS: Final = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
}
"""Nothing is downloaded or loaded, and no variable of this program is a table."""


def connected(**settings: str) -> "Connection":
    """Return an empty database in memory.

    Raises:
        MontaukError: DuckDB is not installed.
    """
    try:
        import duckdb
    except ImportError as error:
        raise MontaukError("SQL and Parquet need DuckDB", EXTRA) from error
    connection = duckdb.connect(":memory:", config={**_SETTINGS, **settings})
    executed(connection, "SET TimeZone = 'UTC'")
    return connection


def executed(connection: "Connection", sql: str, *values: object) -> "Connection":
    """Execute a statement; a signal may end it at any time.

    In this thread DuckDB would put an error of its own in the place of what the handler
    of the signal raises.
    """
    return interruptible(connection, lambda: connection.execute(sql, values))


def interruptible(connection: "Connection", task: Callable[[], _T]) -> _T:
    """Return what a task with a connection returns; a signal may end it at any time.

    In this thread DuckDB would let no handler of a signal run before it is done.
    """
    results: list[_T] = []
    failures: list[BaseException] = []
    done = threading.Event()

    def work() -> None:
        try:
            results.append(task())
        except BaseException as error:  # noqa: BLE001 - raised below
            failures.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=work, name="montauk-sql", daemon=True)
    try:
        thread.start()
        # Python handles a signal between two of its instructions: one that comes just
        # before the wait begins does not end it.
        while not done.wait(_HEARD_S):
            pass
    except BaseException:
        # What is not running yet would forget that it was interrupted, and the thread
        # may have failed to start.
        connection.interrupt()
        while not done.wait(_HEARD_S) and thread.ident is not None:
            connection.interrupt()
        raise
    if failures:
        raise failures[0]
    return results[0]


@contextmanager
def errors_in_a_line(what: str) -> Iterator[None]:
    """Raise errors of DuckDB as errors of montauk, with `what` before the reason.

    Raises:
        MontaukError: There is one.
    """
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise MontaukError(f"{what}: {line_of(error)}") from error


def line_of(error: Exception) -> str:
    """Return what an error says in one line, without the program text below it."""
    lines = [clean_text(line.strip()) for line in str(error).splitlines()]
    kept: list[str] = []
    for line in lines:
        if line.startswith("LINE "):
            break
        if line:
            kept.append(line)
    return " ".join(kept) or type(error).__name__


def literal(text: object) -> str:
    """Return a text as SQL writes it."""
    return "'" + str(text).replace("'", "''") + "'"
