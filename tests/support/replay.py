"""A replay for ever, of samples made by hand."""

import dataclasses
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from montauk_tui.collectors.registry import Opened
from montauk_tui.collectors.replay.collector import ReplayCollector as Replay
from montauk_tui.errors import RecordingEnded
from montauk_tui.model.devices import Devices, Disk, Interface
from montauk_tui.model.join import same_process
from montauk_tui.model.lookups import Lookups
from montauk_tui.model.recording import Moment, Recording
from montauk_tui.model.records import RecordTable
from montauk_tui.model.sample import Counters, ProcessTable, Sample
from montauk_tui.model.schema import COUNTERS, UNKNOWN, Need, counters
from tests.support.builders import FakeLookups
from tests.support.device_lists import continued_lists

_Records = TypeVar("_Records", bound=RecordTable | None)

_Device = TypeVar("_Device", Interface, Disk)

_COUNTERS = ("utime", "stime", "cutime", "cstime", *COUNTERS)


class ReplayCollector(Replay):
    """Hands out `samples` one after the other and then goes on for ever as at the end.

    What goes on repeats the step between the last two samples, so that the rates stay
    what they were; gauges stay as in the last sample. Threads, shared memory and
    counters are left out where nobody needs them, as live collectors do. Look-ups are
    those that it was given.
    """

    def __init__(
        self, samples: Sequence[Sample], lookups: Lookups | None = None
    ) -> None:
        super().__init__(Recording(tuple(map(Moment, samples))))
        self._samples = samples
        self._given = lookups or FakeLookups()
        self._steps = 0
        self.needs: list[Need] = []
        """What each call of `sample` asked for."""

    @property
    def detail(self) -> str:
        return f"{len(self._samples)} samples"

    def open(self) -> None:
        super().open()
        self._steps, self.lookups = 0, self._given

    def sample(self, needs: Need) -> Sample:
        try:
            sample = super().sample(needs)
        except RecordingEnded:
            self._steps += 1
            before, last = [self._samples[0], *self._samples][-2:]
            sample = _continued(before, last, self._steps)
        self.needs.append(needs)
        self.lookups = self._given
        return dataclasses.replace(sample, processes=_asked(sample.processes, needs))


def opened_replay(
    samples: Sequence[Sample],
    lookups: Lookups | None = None,
    refusals: tuple[str, ...] = (),
) -> Opened:
    """Return an open collector that replays `samples`, as the registry returns one."""
    collector = ReplayCollector(samples, lookups)
    collector.open()
    return Opened(collector, refusals)


def _continued(before: Sample, last: Sample, steps: int) -> Sample:
    """Return the sample `steps` intervals after `last`."""
    step_s = (last.monotonic_s - before.monotonic_s) or 1.0
    host = last.host
    if np.array_equal(before.host.cpu_ids, host.cpu_ids):
        ticks = host.cpu_ticks + steps * (host.cpu_ticks - before.host.cpu_ticks)
        host = dataclasses.replace(host, cpu_ticks=ticks)
    devices = _continued_devices(before.host.devices, host.devices, steps)
    lists = continued_lists(before.host.lists, last.host.lists, steps)
    host = dataclasses.replace(host, devices=devices, lists=lists)
    return dataclasses.replace(
        last,
        time_s=last.time_s + steps * step_s,
        monotonic_s=last.monotonic_s + steps * step_s,
        boot_s=last.boot_s + steps * step_s,
        processes=_continued_table(before.processes, last.processes, steps),
        host=host,
        exits=_later(last.exits, steps * step_s, last.user_hz),
        starts=_later(last.starts, steps * step_s, last.user_hz),
        counters=_continued_counters(before.counters, last.counters, steps),
    )


def _continued_devices(before: Devices, last: Devices, steps: int) -> Devices:
    step_s = last.read_s - before.read_s
    return Devices(
        last.read_s + steps * step_s,
        _grown(before.interfaces, last.interfaces, steps),
        _grown(before.disks, last.disks, steps),
    )


def _grown(
    before: tuple[_Device, ...] | None, last: tuple[_Device, ...] | None, steps: int
) -> tuple[_Device, ...] | None:
    if before is None or last is None:
        return last
    grown = []
    for then, now in zip(before, last, strict=True):
        counts = {
            field.name: getattr(now, field.name)
            + steps * (getattr(now, field.name) - getattr(then, field.name))
            for field in dataclasses.fields(now)
            if field.name != "name"
        }
        grown.append(dataclasses.replace(now, **counts))
    return tuple(grown)


def _later(table: _Records, after_s: float, user_hz: int) -> _Records:
    """Return the same happenings later: other processes of the same pids."""
    if table is None:
        return table
    shifts = {
        "end_ns": int(after_s * 1e9),
        "time_ns": int(after_s * 1e9),
        "start_ticks": int(after_s * user_hz),
    }
    columns = {}
    for name in table.FIELDS:
        values, shift = getattr(table, name), shifts.get(name, 0)
        columns[name] = np.where(values == UNKNOWN, UNKNOWN, values + shift)
    return type(table)(table.comm, table.cmdline, columns)


def _continued_counters(before: Counters, last: Counters, steps: int) -> Counters:
    grown = {}
    for field in dataclasses.fields(Counters):
        then, now = getattr(before, field.name), getattr(last, field.name)
        known = then is not None and now is not None
        grown[field.name] = now + steps * (now - then) if known else now
    return Counters(**grown)


def _continued_table(
    before: ProcessTable, last: ProcessTable, steps: int
) -> ProcessTable:
    join = same_process(before, last)
    columns = {}
    for name in _COUNTERS:
        now = getattr(last, name)
        growth = np.zeros(len(last), dtype=np.int64)
        growth[join.found] = (
            now[join.found] - getattr(before, name)[join.row[join.found]]
        )
        columns[name] = np.where(now == UNKNOWN, UNKNOWN, now + steps * growth)
    return last.with_columns(columns)


def _asked(table: ProcessTable, needs: Need) -> ProcessTable:
    if Need.THREADS not in needs and not table.is_process.all():
        table = table.only(table.is_process)
    nothing = np.full(len(table), UNKNOWN, dtype=np.int64)
    if Need.SHARED not in needs:
        table = table.with_columns({"shared_bytes": nothing})
    return table.with_columns(
        dict.fromkeys(set(COUNTERS) - {*counters(needs)}, nothing)
    )
