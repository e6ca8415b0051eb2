"""Records samples, and every look-up that is made while each is the last one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from montauk_tui.model.details import Details
from montauk_tui.model.lookups import Command, Lookups
from montauk_tui.model.recording import (
    Answers,
    Arguments,
    Moment,
    Recording,
    numbers_of_cgroups,
    numbers_of_users,
)
from montauk_tui.model.sample import Identity, ProcessTable, Sample
from montauk_tui.model.schema import Bools

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass
class _Notes:
    """Answers of look-ups that a front end made; any thread adds to them."""

    arguments: dict[Identity, Arguments] = field(default_factory=dict)
    """Those that have changed since the sample was taken."""
    users: dict[int, str] = field(default_factory=dict)
    cgroups: dict[int, str] = field(default_factory=dict)
    shared_bytes: dict[Identity, float] = field(default_factory=dict)
    gauges: dict[str, dict[tuple[int, int], float]] = field(default_factory=dict)
    labels: dict[str, dict[tuple[int, int], str]] = field(default_factory=dict)
    details: dict[Identity, Details] = field(default_factory=dict)


class Recorder:
    """Takes samples one after the other.

    Arguments, user names and cgroups of all processes are looked up at once. Other
    values and details are recorded when a front end looks them up.
    """

    def __init__(self) -> None:
        """Start without a sample."""
        self._taken: list[tuple[Moment, _Notes]] = []

    def take(
        self, sample: Sample, source: str, opening: int, lookups: Lookups
    ) -> Lookups:
        """Record a sample; return the look-ups to use in place of `lookups`.

        Args:
            sample: The sample.
            source: The name of the collector.
            opening: Its number among those opened one after the other.
            lookups: Those of the collector.
        """
        last = self._taken[-1][0].answers if self._taken else Answers()
        answers = Answers(
            arguments=_shared(last.arguments, _arguments(sample.processes, lookups)),
            users=_shared(last.users, _names(numbers_of_users(sample), lookups.user)),
            cgroups=_shared(
                last.cgroups, _names(numbers_of_cgroups(sample), lookups.cgroup)
            ),
        )
        notes = _Notes()
        self._taken.append((Moment(sample, answers, source, opening), notes))
        return _NotingLookups(lookups, notes, answers.arguments)

    def recording(self) -> Recording:
        """Return all that was recorded so far."""
        details: Mapping[Identity, Details] = {}
        moments = []
        for moment, notes in self._taken:
            table = moment.sample.processes
            kept = {
                identity: one
                for identity, one in details.items()
                if table.row_of(identity) is not None
            }
            details = {**kept, **notes.details}
            moments.append(
                replace(moment, answers=_with(moment.answers, notes, details))
            )
        return Recording(tuple(moments))


def _with(
    answers: Answers, notes: _Notes, details: Mapping[Identity, Details]
) -> Answers:
    """Return the answers with those that were noted; a copy, as notes may grow."""
    changed = dict(notes.arguments)
    arguments = {**answers.arguments, **changed} if changed else answers.arguments
    return replace(
        answers,
        arguments=arguments,
        users={**answers.users, **notes.users},
        cgroups={**answers.cgroups, **notes.cgroups},
        shared_bytes=dict(notes.shared_bytes),
        gauges={name: dict(known) for name, known in dict(notes.gauges).items()},
        labels={name: dict(known) for name, known in dict(notes.labels).items()},
        details=details,
    )


def _shared(
    last: Mapping[_Key, _Value], now: Mapping[_Key, _Value]
) -> Mapping[_Key, _Value]:
    """Return the answers of now, which take no memory where nothing has changed."""
    return last if last == now else now


def _identities(table: ProcessTable) -> Iterator[Identity]:
    return map(Identity, table.pid.tolist(), table.start_ticks.tolist())


def _arguments(table: ProcessTable, lookups: Lookups) -> dict[Identity, Arguments]:
    processes = table.only(table.is_process)
    raws = [lookups.cmdline(identity) for identity in _identities(processes)]
    cut = lookups.cut_rows(processes).tolist()
    return {
        identity: Arguments(raw, is_cut)
        for identity, raw, is_cut in zip(_identities(processes), raws, cut, strict=True)
        if raw is not None
    }


def _names(numbers: Iterable[int], name: Callable[[int], str]) -> dict[int, str]:
    return {number: name(number) for number in numbers}


class _NotingLookups:
    """Look-ups that note their answers."""

    def __init__(
        self, base: Lookups, notes: _Notes, arguments: Mapping[Identity, Arguments]
    ) -> None:
        self._base, self._notes, self._arguments = base, notes, arguments

    def command(self, identity: Identity, comm: bytes) -> Command:
        command = self._base.command(identity, comm)
        # Read just now, so that this reads nothing.
        self.cmdline(identity)
        return command

    def known_command(self, identity: Identity, comm: bytes) -> Command:
        return self._base.known_command(identity, comm)

    def known_texts(self, table: ProcessTable) -> list[str]:
        return self._base.known_texts(table)

    def cmdline(self, identity: Identity) -> bytes | None:
        raw, taken = self._base.cmdline(identity), self._arguments.get(identity)
        if raw is not None and (taken is None or taken.raw != raw):
            is_cut = taken is not None and taken.is_cut
            self._notes.arguments[identity] = Arguments(raw, is_cut)
        return raw

    def cut_rows(self, table: ProcessTable) -> Bools:
        return self._base.cut_rows(table)

    def user(self, uid: int) -> str:
        name = self._notes.users[uid] = self._base.user(uid)
        return name

    def cgroup(self, number: int) -> str:
        path = self._notes.cgroups[number] = self._base.cgroup(number)
        return path

    def shared_bytes(self, identity: Identity) -> float:
        value = self._notes.shared_bytes[identity] = self._base.shared_bytes(identity)
        return value

    def gauge(self, name: str, identity: Identity) -> float:
        value = self._base.gauge(name, identity)
        self._notes.gauges.setdefault(name, {})[identity] = value
        return value

    def label(self, name: str, identity: Identity) -> str:
        text = self._base.label(name, identity)
        self._notes.labels.setdefault(name, {})[identity] = text
        return text

    def known_gauges(self, name: str, whose: Iterable[tuple[int, int]]) -> list[float]:
        whose = list(whose)
        values = self._base.known_gauges(name, whose)
        self._notes.gauges.setdefault(name, {}).update(zip(whose, values, strict=True))
        return values

    def known_labels(self, name: str, whose: Iterable[tuple[int, int]]) -> list[str]:
        whose = list(whose)
        texts = self._base.known_labels(name, whose)
        self._notes.labels.setdefault(name, {}).update(zip(whose, texts, strict=True))
        return texts

    def details(self, identity: Identity) -> Details | None:
        details = self._base.details(identity)
        if details is not None:
            self._notes.details[identity] = details
        return details
