"""A bounded queue of records, and the thread that sends them in batches."""

import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from montauk_tui import streams
from montauk_tui.errors import MontaukError
from montauk_tui.export.otlp.receiver import Fate, Outcome

QUEUE: Final = "the queue was full"
REFUSED: Final = "refused"
LATE: Final = "not sent in time at the end"
"""Why records were dropped."""

_LAST_S: Final = 1.0
"""How long the end of the thread is waited for."""


class Post(Protocol):
    """Sends the records of one request."""

    def post(self, records: Sequence[bytes]) -> Outcome:
        """Send them and return what became of them."""
        ...

    def abort(self) -> None:
        """Let a request in another thread fail that takes too long."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept, and how long what takes."""

    records: int = 16_384
    """In the queue."""
    bytes: int = 32 << 20
    """In the queue."""
    batch: int = 512
    """Records of a request."""
    batch_bytes: int = 1 << 20
    """Of a request, before it is packed."""
    batch_s: float = 1.0
    """How long records wait for others."""
    first_s: float = 1.0
    """Before a request is sent again, doubled each time..."""
    most_s: float = 60.0
    """... up to this."""
    most_asked_s: float = 600.0
    """The longest time that a receiver may ask to wait."""
    request_s: float = 30.0
    """The longest a request may take."""
    flush_s: float = 10.0
    """How long sending goes on at the end."""
    complaint_s: float = 60.0
    """A receiver that stays down is reported so often."""


class Sender:
    """Sends records until it is finished; what it cannot keep is dropped and counted.

    All methods are for one thread; the sender's own is another.
    """

    def __init__(self, post: Post, name: str, limits: Limits | None = None) -> None:
        """Prepare.

        Args:
            post: What sends the records of a request.
            name: The receiver, for messages.
            limits: Other ones than usual.
        """
        self._post = post
        self._name = name
        self.limits = limits or Limits()
        self._changed = threading.Condition()
        self._queue: deque[bytes] = deque()
        self._bytes = 0
        self._oldest_s = 0.0
        """When the queue was last empty."""
        self._flush_until_s: float | None = None
        """When the thread ends; None before the end."""
        self._requested_s: float | None = None
        """When the request began that is being sent."""
        self._failing = ""
        self._told_s = -self.limits.complaint_s
        self.sent = 0
        self.dropped: Counter[str] = Counter()
        """Records by why they were dropped."""
        self._broken: BaseException | None = None
        self._thread = threading.Thread(
            target=self._send_all, name="montauk-otlp", daemon=True
        )

    def start(self) -> None:
        """Start the thread.

        Raises:
            MontaukError: There is none to be had.
        """
        try:
            self._thread.start()
        except RuntimeError as error:
            reason = f"sending needs a thread: {error}"
            raise MontaukError(reason, "raise the limits (ulimit -u)") from error

    # --- the thread that has the records ----------------------------------------------

    @property
    def room(self) -> int:
        """How many records there is room for."""
        with self._changed:
            return self._room()

    def _room(self) -> int:
        is_full = self._bytes >= self.limits.bytes
        return 0 if is_full else self.limits.records - len(self._queue)

    def put(self, records: Sequence[bytes]) -> None:
        """Add records to the queue, or drop those for which there is no room.

        Raises:
            MontaukError: The thread broke.
        """
        with self._changed:
            if self._broken is not None:
                reason = f"sending broke: {type(self._broken).__name__}: {self._broken}"
                raise MontaukError(reason, "please report it") from self._broken
            if not self._queue:
                self._oldest_s = time.monotonic()
            for place, record in enumerate(records):
                if self._room() <= 0:
                    self.dropped[QUEUE] += len(records) - place
                    break
                self._queue.append(record)
                self._bytes += len(record)
            self._changed.notify_all()

    def wait_for_room(self, is_stopped: Callable[[], bool]) -> None:
        """Wait until the queue is half empty: what is in a recording does not hurry."""
        with self._changed:
            while self._room() < self.limits.records // 2 and not is_stopped():
                self._changed.wait(0.1)
                self._watch()

    def wait_until_sent(self, is_stopped: Callable[[], bool]) -> None:
        """Wait until the queue is empty: the end of a recording does not hurry."""
        with self._changed:
            while self._queue and self._thread.is_alive() and not is_stopped():
                self._changed.wait(0.1)
                self._watch()

    def watch(self) -> None:
        """End a request that takes too long."""
        with self._changed:
            self._watch()

    def _watch(self) -> None:
        began_s = self._requested_s
        if began_s is not None and time.monotonic() > began_s + self.limits.request_s:
            self._post.abort()

    def finish(self) -> None:
        """Send what is in the queue, for a limited time; the rest is dropped."""
        until_s = time.monotonic() + self.limits.flush_s
        with self._changed:
            self._flush_until_s = until_s
            self._changed.notify_all()
            while self._thread.is_alive() and self._queue:
                left_s = until_s - time.monotonic()
                if left_s <= 0:
                    break
                self._changed.wait(min(left_s, 0.1))
                self._watch()
            self.dropped[LATE] += len(self._queue)
            self._queue.clear()
            self._changed.notify_all()
            is_sending = self._requested_s is not None
        if is_sending:
            self._post.abort()
        self._thread.join(_LAST_S)

    # --- the sender's own thread ------------------------------------------------------

    def _send_all(self) -> None:
        try:
            while (batch := self._next_batch()) and self._send_batch(batch):
                pass
        except Exception as error:  # noqa: BLE001
            # A thread that died unnoticed would drop everything.
            with self._changed:
                self._broken = error
                self._changed.notify_all()
        finally:
            self._post.close()

    def _next_batch(self) -> list[bytes]:
        """Wait for a batch and return it; it stays in the queue. Empty at the end."""
        with self._changed:
            while not self._is_due():
                if self._flush_until_s is not None:
                    return []
                due_s = self._oldest_s + self.limits.batch_s - time.monotonic()
                self._changed.wait(max(due_s, 0.001) if self._queue else None)
            batch: list[bytes] = []
            size = 0
            for record in self._queue:
                size += len(record)
                if batch and (
                    len(batch) >= self.limits.batch or size > self.limits.batch_bytes
                ):
                    break
                batch.append(record)
            return batch

    def _is_due(self) -> bool:
        if not self._queue:
            return False
        is_full = (
            len(self._queue) >= self.limits.batch
            or self._bytes >= self.limits.batch_bytes
        )
        is_old = time.monotonic() >= self._oldest_s + self.limits.batch_s
        return is_full or is_old or self._flush_until_s is not None

    def _send_batch(self, batch: Sequence[bytes]) -> bool:
        """Send a batch until it is taken or refused; tell whether to go on."""
        attempt = 0
        while True:
            was_ending = self._flush_until_s is not None
            self._requested_s = time.monotonic()
            outcome = self._post.post(batch)
            self._requested_s = None
            if outcome.fate is not Fate.AGAIN:
                break
            self._complain(f"{outcome.reason}; it is tried again")
            if not self._wait(outcome, attempt, was_ending=was_ending):
                return False
            # At the end there is not much time.
            is_ending = self._flush_until_s is not None
            attempt = 0 if is_ending and not was_ending else attempt + 1
        with self._changed:
            self._settle(batch, outcome)
            self._changed.notify_all()
        return True

    def _wait_s(self, outcome: Outcome, attempt: int) -> float:
        """Return how long to wait: not all senders at once, and not too soon."""
        limits = self.limits
        if outcome.wait_s is not None:
            return min(outcome.wait_s, limits.most_asked_s)
        grown_s = min(limits.first_s * 2.0 ** min(attempt, 30), limits.most_s)
        return grown_s * random.uniform(0.5, 1.0)  # noqa: S311 - nothing is secret

    def _wait(self, outcome: Outcome, attempt: int, *, was_ending: bool) -> bool:
        """Wait before the next attempt; tell whether there is time for it."""
        until_s = time.monotonic() + self._wait_s(outcome, attempt)
        with self._changed:
            while (left_s := until_s - time.monotonic()) > 0:
                if self._flush_until_s is not None:
                    if not was_ending and outcome.wait_s is None:
                        # Once at once: it may be back.
                        return True
                    if until_s > self._flush_until_s:
                        return False
                self._changed.wait(left_s)
            # It is emptied when the time is over.
            return bool(self._queue)

    def _settle(self, batch: Sequence[bytes], outcome: Outcome) -> None:
        """Remove a batch from the queue, and count what became of it."""
        for _ in batch[: len(self._queue)]:
            self._bytes -= len(self._queue.popleft())
        self._oldest_s = time.monotonic()
        if outcome.fate is Fate.REFUSED:
            self.dropped[REFUSED] += len(batch)
            self._complain(f"{outcome.reason}; {len(batch):,} records dropped")
            return
        rejected = min(outcome.rejected, len(batch))
        self.sent += len(batch) - rejected
        if rejected:
            self.dropped[REFUSED] += rejected
            self._complain(f"{rejected:,} records rejected: {outcome.reason}")
        elif self._failing:
            streams.complain(f"{self._name}: sending again")
            self._failing = ""

    def _complain(self, failure: str) -> None:
        now_s = time.monotonic()
        is_new = not self._failing
        if is_new or now_s >= self._told_s + self.limits.complaint_s:
            dropped = self.dropped[QUEUE]
            more = f"; {dropped:,} dropped so far, as {QUEUE}" if dropped else ""
            streams.complain(f"{self._name}: {failure}{more}")
            self._told_s = now_s
        self._failing = failure
