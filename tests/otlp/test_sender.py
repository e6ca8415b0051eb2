"""The queue and its thread: what is sent, kept, dropped and said."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from montauk_tui.errors import MontaukError
from montauk_tui.export.otlp.receiver import Fate, Outcome
from montauk_tui.export.otlp.sender import LATE, QUEUE, REFUSED, Limits, Sender
from tests.support.patience import MOST_S, until

QUICK = Limits(
    records=100, batch=10, batch_s=0.0, first_s=0.001, most_s=0.002, flush_s=MOST_S
)
AGAIN = Outcome(Fate.AGAIN, "it is down")
TAKEN = Outcome(Fate.TAKEN)


class Post:
    """Answers as it is asked; what it took is in `taken`."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.is_down = False
        self.taken: list[bytes] = []
        self.batches: list[int] = []
        self.asked = self.attempts = 0
        self.aborted = 0
        self.is_closed = False
        self.may_answer = threading.Event()
        self.may_answer.set()

    def post(self, records: Sequence[bytes]) -> Outcome:
        self.asked += 1
        assert self.may_answer.wait(MOST_S)
        self.attempts += 1
        outcome = self.outcomes.pop(0) if self.outcomes else TAKEN
        outcome = AGAIN if self.is_down else outcome
        if outcome.fate is Fate.TAKEN:
            self.taken += records
            self.batches.append(len(records))
        return outcome

    def abort(self) -> None:
        self.aborted += 1
        self.may_answer.set()

    def close(self) -> None:
        self.is_closed = True


@contextmanager
def sending(post: Post, limits: Limits = QUICK) -> Iterator[Sender]:
    sender = Sender(post, "http://it", limits)
    sender.start()
    try:
        yield sender
    finally:
        post.may_answer.set()
        post.is_down = False
        sender.finish()


def numbered(count: int, first: int = 0) -> list[bytes]:
    return [b"%d" % number for number in range(first, first + count)]


def test_everything_arrives_once_and_in_order() -> None:
    post = Post()
    with sending(post) as sender:
        for first in range(0, 90, 30):
            sender.put(numbered(30, first))
        until(lambda: sender.sent == 90)
    assert post.taken == numbered(90)
    assert max(post.batches) <= 10
    assert not sender.dropped.total()


def test_nothing_is_lost_below_the_bound_while_the_receiver_is_down(
    capsys: pytest.CaptureFixture[str],
) -> None:
    post = Post()
    post.is_down = True
    with sending(post) as sender:
        sender.put(numbered(60))
        until(lambda: post.attempts > 20)
        sender.put(numbered(40, 60))
        assert sender.room == 0
        post.is_down = False
        until(lambda: sender.sent == 100)
    assert post.taken == numbered(100)
    assert not sender.dropped.total()
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "montauk: http://it: it is down; it is tried again",
        "montauk: http://it: sending again",
    ]


def test_what_is_above_the_bound_is_dropped_and_counted() -> None:
    post = Post()
    post.is_down = True
    with sending(post) as sender:
        sender.put(numbered(130))
        sender.put(numbered(7, 200))
        assert sender.dropped == {QUEUE: 37}
        post.is_down = False
        until(lambda: sender.sent == 100)
    assert post.taken == numbered(100)


def test_the_bytes_of_the_queue_are_bounded_too() -> None:
    post = Post()
    post.is_down = True
    with sending(post, replace(QUICK, bytes=1000)) as sender:
        sender.put([b"x" * 400] * 5)
        assert sender.dropped == {QUEUE: 2}
        post.is_down = False
        until(lambda: sender.sent == 3)
        assert sender.room == 100


def test_a_batch_is_bounded_in_bytes() -> None:
    post = Post()
    post.may_answer.clear()
    with sending(post, replace(QUICK, batch_bytes=1000)) as sender:
        sender.put([b"x" * 400] * 5 + [b"y" * 5000])
        post.may_answer.set()
        until(lambda: sender.sent == 6)
    assert max(post.batches) <= 2
    assert post.batches[-1] == 1


def test_few_records_wait_for_others() -> None:
    post = Post()
    with sending(post, replace(QUICK, batch_s=3600.0)) as sender:
        sender.put(numbered(9))
        assert sender.room == 91
        sender.put(numbered(1, 9))
        until(lambda: sender.sent == 10)
        assert post.batches == [10]
        sender.put(numbered(3, 10))
    # At the end nothing waits, and the connection is closed.
    assert post.is_closed
    assert post.batches == [10, 3]
    assert post.taken == numbered(13)


def test_a_refused_batch_is_dropped_and_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    post = Post(Outcome(Fate.REFUSED, "it answers 400 Bad Request"))
    with sending(post) as sender:
        sender.put(numbered(10))
        until(lambda: sender.dropped[REFUSED] == 10)
        sender.put(numbered(5, 10))
        until(lambda: sender.sent == 5)
    assert post.taken == numbered(5, 10)
    assert "400 Bad Request; 10 records dropped" in capsys.readouterr().err


def test_records_that_the_receiver_rejects_are_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    post = Post(Outcome(Fate.TAKEN, "too old", rejected=4))
    with sending(post) as sender:
        sender.put(numbered(10))
        until(lambda: sender.sent == 6)
    assert sender.dropped == {REFUSED: 4, LATE: 0}
    assert "4 records rejected: too old" in capsys.readouterr().err


def test_a_receiver_that_asks_for_time_gets_it() -> None:
    post = Post(Outcome(Fate.AGAIN, "it answers 429", wait_s=0.25))
    with sending(post) as sender:
        began_s = time.monotonic()
        sender.put(numbered(1))
        until(lambda: sender.sent == 1)
        # Longer than a wait of its own, which is at most 2 ms.
        assert time.monotonic() - began_s >= 0.25


def test_waits_grow_and_are_not_all_the_same() -> None:
    sender = Sender(Post(), "it", Limits(first_s=1.0, most_s=60.0, most_asked_s=600.0))
    wait_s = sender._wait_s  # noqa: SLF001 - nobody waits for minutes here
    for attempt, most_s in ((0, 1.0), (1, 2.0), (3, 8.0), (9, 60.0), (10**6, 60.0)):
        waits = [wait_s(AGAIN, attempt) for _ in range(200)]
        assert most_s / 2 <= min(waits) < max(waits) <= most_s
        assert len(set(waits)) > 1
    assert wait_s(AGAIN._replace(wait_s=30.0), 5) == 30.0
    assert wait_s(AGAIN._replace(wait_s=1e9), 0) == 600.0


def test_the_end_is_bounded_while_the_receiver_is_down() -> None:
    post = Post()
    post.is_down = True
    sender = Sender(post, "it", replace(QUICK, flush_s=0.05))
    sender.start()
    sender.put(numbered(20))
    sender.finish()
    assert (sender.sent, sender.dropped[LATE]) == (0, 20)


def test_the_end_does_not_wait_for_a_receiver_that_asks_for_an_hour() -> None:
    post = Post(*[Outcome(Fate.AGAIN, "it answers 503", wait_s=3600.0)] * 2)
    sender = Sender(post, "it", replace(QUICK, flush_s=MOST_S))
    sender.start()
    sender.put(numbered(20))
    until(lambda: post.attempts)
    sender.finish()
    assert sender.dropped[LATE] == 20


def test_at_the_end_it_tries_once_more_at_once() -> None:
    post = Post(AGAIN)
    limits = replace(QUICK, first_s=3600.0, most_s=3600.0)
    sender = Sender(post, "it", limits)
    sender.start()
    sender.put(numbered(20))
    until(lambda: post.attempts)
    sender.finish()
    assert sender.sent == 20


def test_a_request_that_takes_too_long_is_ended() -> None:
    post = Post()
    post.may_answer.clear()
    with sending(post, replace(QUICK, request_s=0.01)) as sender:
        sender.put(numbered(1))

        def is_aborted() -> bool:
            sender.watch()
            return post.aborted > 0

        until(is_aborted)
        until(lambda: sender.sent == 1)


def test_the_end_does_not_wait_for_a_request_that_hangs() -> None:
    post = Post()
    post.may_answer.clear()
    sender = Sender(post, "it", replace(QUICK, flush_s=0.05))
    sender.start()
    sender.put(numbered(3))
    until(lambda: post.asked)
    sender.finish()
    assert sender.dropped[LATE] == 3
    assert post.aborted


def test_a_recording_waits_for_room() -> None:
    post = Post()
    post.may_answer.clear()
    with sending(post) as sender:
        sender.put(numbered(100))
        done = threading.Event()

        def wait() -> None:
            sender.wait_for_room(lambda: False)
            done.set()

        thread = threading.Thread(target=wait)
        thread.start()
        assert not done.is_set()
        post.may_answer.set()
        thread.join(MOST_S)
        assert done.is_set()
        assert sender.room >= 50


def test_whoever_stops_does_not_wait_for_room() -> None:
    post = Post()
    post.may_answer.clear()
    with sending(post) as sender:
        sender.put(numbered(100))
        sender.wait_for_room(lambda: True)
        assert sender.room == 0


def test_a_thread_that_breaks_is_noticed() -> None:
    class Broken(Post):
        def post(self, records: Sequence[bytes]) -> Outcome:
            raise ZeroDivisionError(type(records).__name__)

    with sending(Broken()) as sender:
        sender.put(numbered(1))
        said: list[str] = []

        def is_noticed() -> bool:
            try:
                sender.put(numbered(1))
            except MontaukError as error:
                said.append(error.line)
            return bool(said)

        until(is_noticed)
        assert said == ["sending broke: ZeroDivisionError: list; please report it"]


def test_no_thread_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(MontaukError, match="sending needs a thread"):
        Sender(Post(), "it", QUICK).start()


def test_a_receiver_that_stays_down_is_reported_now_and_then(
    capsys: pytest.CaptureFixture[str],
) -> None:
    post = Post()
    post.is_down = True
    with sending(post, replace(QUICK, complaint_s=0.0)) as sender:
        sender.put(numbered(130))
        until(lambda: post.attempts > 3)
    lines = capsys.readouterr().err.splitlines()
    assert "30 dropped so far, as the queue was full" in lines[1]


def test_the_end_of_a_recording_waits_for_a_slow_receiver() -> None:
    """For longer than a live one has, unless it is to stop."""
    post, stopped = Post(*[AGAIN] * 30), threading.Event()
    it = Sender(post, "it", replace(QUICK, flush_s=0.0, first_s=0.02, most_s=0.02))
    it.start()
    it.put(numbered(90))
    it.wait_until_sent(stopped.is_set)
    assert post.taken == numbered(90)
    post.is_down = True
    stopped.set()
    it.put(numbered(5))
    it.wait_until_sent(stopped.is_set)
    it.finish()
    assert it.dropped == {LATE: 5}
