"""User names: the local ones at once, the others when they answer."""

import os
import pwd
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from montauk_tui.collectors import users as users_module
from montauk_tui.collectors.users import UserNames

PATIENCE_S = 30.0
"""How long a test waits for what must happen; it never has to."""


class SlowDirectory:
    """A name service that answers when it is told to, as LDAP does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: dict[int, str] = {}
        self.asked: list[int] = []
        self.threads: list[threading.Thread] = []
        self.may_answer = threading.Event()
        monkeypatch.setattr(pwd, "getpwuid", self.getpwuid)

    def getpwuid(self, uid: int) -> pwd.struct_passwd:
        self.asked.append(uid)
        self.threads.append(threading.current_thread())
        self.may_answer.wait(PATIENCE_S)
        if uid not in self.names:
            raise KeyError(uid)
        return pwd.struct_passwd((self.names[uid], "x", uid, uid, "", "/", "/bin/sh"))


@pytest.fixture
def directory(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowDirectory]:
    slow = SlowDirectory(monkeypatch)
    yield slow
    slow.may_answer.set()


@pytest.fixture
def users(tmp_path: Path) -> Iterator[UserNames]:
    passwd = tmp_path / "passwd"
    passwd.write_bytes(
        b"root:x:0:0:root:/root:/bin/sh\n"
        b"\n"
        b"# a comment\n"
        b"short:x\n"
        b"odd:x:many:0::/:\n"
        b"toor:x:0:0::/root:/bin/sh\n"
        b"ev\x1bil:x:77:77::/:\n"
        b"huge:x:" + b"9" * 30 + b":1::/:\n"
        b"+::::::\n"
    )
    names = UserNames(passwd)
    yield names
    names.close()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def in_another_thread(action: Callable[[], object]) -> None:
    """Run `action`, which must come to an end by itself."""
    thread = threading.Thread(target=action, daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_local_users_are_known_without_asking(
    users: UserNames, directory: SlowDirectory
) -> None:
    users.prepare([0, 77])
    assert users.name(0) == "root"
    assert users.name(77) == r"ev\x1bil"
    assert directory.asked == []


def test_a_slow_directory_blocks_neither_a_sample_nor_a_key(
    users: UserNames, directory: SlowDirectory
) -> None:
    directory.names[4000] = "far away"
    in_another_thread(lambda: users.prepare([4000]))
    in_another_thread(lambda: users.prepare([4000, 4001]))
    assert users.name(4000) == "4000"
    assert not directory.may_answer.is_set()
    directory.may_answer.set()
    wait_until(lambda: users.name(4000) == "far away")


def test_a_user_is_asked_for_once_and_in_a_thread_of_its_own(
    users: UserNames, directory: SlowDirectory
) -> None:
    directory.may_answer.set()
    for _ in range(3):
        users.prepare([4000, 4001])
        assert users.name(4000) == "4000"
    directory.names[4002] = "last"
    wait_until(lambda: users.name(4002) == "last")
    assert directory.asked == [4000, 4001, 4002]
    assert threading.current_thread() not in directory.threads
    assert len(set(directory.threads)) == 1
    assert all(thread.daemon for thread in directory.threads)


def test_an_answer_in_time_is_in_the_first_sample(
    users: UserNames, directory: SlowDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.names[4000] = "n\u00e9e\u202e"
    clock = [0.0]

    def sleep(_: float) -> None:
        # However busy the machine is, the answer comes before the time is over.
        directory.may_answer.set()
        wait_until(lambda: users.name(4000) != "4000")

    fake = SimpleNamespace(monotonic=lambda: clock[0], sleep=sleep)
    monkeypatch.setattr(users_module, "time", fake)
    users.prepare([4000])
    assert users.name(4000) == "n\u00e9e\\u202e"


def test_an_answer_that_is_late_is_not_waited_for(
    users: UserNames, directory: SlowDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.names[4000] = "late"
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    fake = SimpleNamespace(monotonic=lambda: clock[0], sleep=sleep)
    monkeypatch.setattr(users_module, "time", fake)
    users.prepare([4000])
    assert clock[0] == pytest.approx(0.1, abs=0.01)
    assert users.name(4000) == "4000"


def test_where_no_thread_can_be_started_the_number_stands_in(
    users: UserNames, directory: SlowDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    users.prepare([4000])
    assert users.name(4000) == "4000"
    users.close()
    assert directory.asked == []


@pytest.mark.parametrize("uid", [-1, 2**32, 2**40, -(2**63)])
def test_a_number_that_is_no_user_stays_a_number(users: UserNames, uid: int) -> None:
    users.prepare([uid])
    assert users.name(uid) == str(uid)
    users.prepare([0])


@pytest.mark.parametrize("error", [KeyError(1), OverflowError()])
def test_the_thread_survives_what_a_directory_raises(
    users: UserNames, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    answered: list[int] = []

    def getpwuid(uid: int) -> pwd.struct_passwd:
        answered.append(uid)
        raise error

    monkeypatch.setattr(pwd, "getpwuid", getpwuid)
    for uid in (4000, 4001):
        users.prepare([uid])
        wait_until(lambda uid=uid: uid in answered)  # type: ignore[misc]
        assert users.name(uid) == str(uid)


def test_many_threads_ask_once(users: UserNames, directory: SlowDirectory) -> None:
    directory.may_answer.set()
    start = threading.Barrier(8)

    def ask() -> None:
        start.wait()
        for uid in range(5000, 5100):
            users.name(uid)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: set(range(5000, 5100)) <= set(directory.asked))
    assert len(directory.asked) == 100
    assert len(set(directory.threads)) == 1


def test_closing_ends_the_thread_and_asking_again_starts_another(
    users: UserNames, directory: SlowDirectory
) -> None:
    directory.may_answer.set()
    users.name(4000)
    wait_until(lambda: directory.asked == [4000])
    users.close()
    directory.threads[0].join(PATIENCE_S)
    assert not directory.threads[0].is_alive()
    users.close()
    directory.names[4001] = "back"
    wait_until(lambda: users.name(4001) == "back")
    users.close()


def test_without_a_passwd_file_every_user_is_asked_for(
    tmp_path: Path, directory: SlowDirectory
) -> None:
    directory.may_answer.set()
    directory.names[0] = "root"
    users = UserNames(tmp_path / "missing")
    wait_until(lambda: users.name(0) == "root")
    users.close()


def test_the_real_directory_knows_who_runs_the_test() -> None:
    users = UserNames()
    try:
        expected = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        expected = str(os.geteuid())
    wait_until(lambda: users.name(os.geteuid()) == expected)
    users.close()
