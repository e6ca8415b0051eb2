"""What stands in the way of listening, and what is said about it."""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from montauk_tui.collectors.netlink import requirements
from montauk_tui.collectors.netlink.connector import Events, Kind, NoAnswerError
from tests.collectors.netlink.messages import events


def inode(kind: str) -> int:
    return Path(f"/proc/self/ns/{kind}").stat().st_ino


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the namespaces we are in count as the initial ones."""
    initial = {"pid": inode("pid"), "user": inode("user")}
    monkeypatch.setattr(requirements, "_INITIAL", initial)


REFUSALS = [
    (NoAnswerError(), "does not answer", "CONFIG_PROC_EVENTS"),
    (OSError(errno.EPERM, "x"), "no CAP_NET_ADMIN", "as root"),
    (OSError(errno.EACCES, "x"), "no CAP_NET_ADMIN", "as root"),
    (OSError(errno.ECONNREFUSED, "x"), "network namespace", "--network host"),
    (OSError(errno.EPROTONOSUPPORT, "x"), "no netlink connector", "modprobe cn"),
    (OSError(errno.EAFNOSUPPORT, "x"), "no netlink connector", "modprobe cn"),
    (OSError(errno.ENOMEM, "no room"), "refuses: no room", "traditional"),
    (OSError("of its own"), "refuses: of its own", "traditional"),
]


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize(("error", "reason", "remedy"), REFUSALS)
def test_each_refusal_has_a_reason_and_a_remedy(
    error: OSError, reason: str, remedy: str
) -> None:
    state = requirements.refusal(error)
    assert not state.available
    assert reason in (state.reason or "")
    assert remedy in (state.remedy or "")


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize(("kind", "name"), [("pid", "PID"), ("user", "user")])
def test_a_namespace_is_the_reason_before_any_error(
    monkeypatch: pytest.MonkeyPatch, kind: str, name: str
) -> None:
    elsewhere = {"pid": inode("pid"), "user": inode("user")}
    elsewhere[kind] += 1
    monkeypatch.setattr(requirements, "_INITIAL", elsewhere)
    for error in (NoAnswerError(), PermissionError(errno.EPERM, "x")):
        state = requirements.refusal(error)
        assert f"this {name} namespace" in (state.reason or "")
        assert "outside" in (state.remedy or "")
    # No answer is waited for: the start of the monitor would wait, too.
    monkeypatch.setattr(requirements, "EventSocket", None)
    assert requirements.check() == requirements.refusal(NoAnswerError())


@pytest.mark.usefixtures("at_home")
def test_a_kernel_without_such_a_namespace_is_no_container(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(requirements, "_INITIAL", {"none-such": 1})
    assert "does not answer" in (requirements.refusal(NoAnswerError()).reason or "")


class FakeEvents:
    """An event socket that acknowledged, and what it hears."""

    def __init__(self, hear: Callable[[], Events]) -> None:
        self.hear = hear
        self.is_closed = False

    def __call__(self, kind: Kind, _: int, *, with_threads: bool) -> "FakeEvents":
        assert kind is Kind.FORK
        assert with_threads, "it waits for a thread"
        return self

    def read(self) -> Events:
        return self.hear()

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.usefixtures("at_home")
def test_who_hears_of_others_only_hears_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The subscription works, and our own fork is never told."""
    other = os.getpid() + 1
    heard = FakeEvents(lambda: events({"pid": other}, {"pid": other + 1}))
    monkeypatch.setattr(requirements, "EventSocket", heard)
    monkeypatch.setattr(requirements, "_PATIENCE_S", 0.01)
    state = requirements.check()
    assert not state.available
    assert "does not answer" in (state.reason or "")
    assert heard.is_closed


@pytest.mark.usefixtures("at_home")
def test_who_hears_its_own_fork_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many others come before it."""
    pid = os.getpid()
    answers = iter([events(), events({"pid": 1}), events({"pid": 2}, {"pid": pid})])
    heard = FakeEvents(lambda: next(answers))
    monkeypatch.setattr(requirements, "EventSocket", heard)
    assert requirements.check().available
    assert heard.is_closed


@pytest.mark.usefixtures("at_home")
def test_who_gets_no_cpu_while_it_waits_is_served_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard = FakeEvents(lambda: events({"pid": os.getpid()}))
    monkeypatch.setattr(requirements, "EventSocket", heard)
    monkeypatch.setattr(requirements, "_PATIENCE_S", 0.0)
    assert requirements.check().available


@pytest.mark.usefixtures("at_home")
def test_a_socket_that_breaks_while_we_wait_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> Events:
        raise OSError(errno.EIO, "broken")

    heard = FakeEvents(broken)
    monkeypatch.setattr(requirements, "EventSocket", heard)
    assert "refuses: broken" in (requirements.check().reason or "")
    assert heard.is_closed


@pytest.mark.usefixtures("at_home")
def test_a_socket_that_cannot_be_had_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "no")

    monkeypatch.setattr(requirements, "EventSocket", refuse)
    assert requirements.check().reason == "no CAP_NET_ADMIN"


@pytest.mark.usefixtures("at_home")
def test_without_room_for_a_thread_it_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    heard = FakeEvents(events)
    monkeypatch.setattr(requirements, "EventSocket", heard)
    monkeypatch.setattr(threading.Thread, "start", no_thread)
    state = requirements.check()
    assert (state.available, heard.is_closed) == (False, True)
    assert "cannot start a thread" in (state.reason or "")
    assert "ulimit -u" in (state.remedy or "")


def test_io_is_counted_where_the_kernel_has_its_file() -> None:
    assert requirements.counts_io() == ("io" in os.listdir("/proc/self"))  # noqa: PTH208
