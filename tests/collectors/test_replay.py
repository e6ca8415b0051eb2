"""Recordings: what is kept of a sample, and what is answered from it later."""

import math
import os
from dataclasses import replace

import numpy as np
import pytest

from montauk_tui.collectors.procfs.details.reader import read_details
from montauk_tui.collectors.replay.collector import ReplayCollector
from montauk_tui.collectors.replay.details import WHY_MISSING
from montauk_tui.collectors.replay.lookups import RecordedLookups
from montauk_tui.collectors.replay.recorder import Recorder
from montauk_tui.errors import CollectorFailed, CollectorUnavailable, RecordingEnded
from montauk_tui.model.details import MISSING, SECTIONS, Details, Section
from montauk_tui.model.lookups import Lookups
from montauk_tui.model.recording import Moment, Recording
from montauk_tui.model.sample import Identity, Sample
from montauk_tui.model.schema import Need
from tests.support.builders import FakeLookups, Row, make_sample
from tests.support.children import identity_of
from tests.support.deaths import SENDER, make_death
from tests.support.exits import make_exits
from tests.support.starts import fork, make_starts

SHELL = Identity(7, 1_000)
ROWS: tuple[Row, ...] = (
    {"pid": 2, "comm": "kthreadd", "cgroup_id": 5},
    {"pid": 7, "comm": "sh", "uid": 7, "cgroup_id": None},
    {"pid": 8, "tgid": 7, "comm": "worker", "uid": 7},
    {"pid": 9, "comm": "secret", "uid": 8},
)


def live() -> FakeLookups:
    lookups = FakeLookups(
        {2: b"", 7: b"/bin/sh\0-c\0x\x1b[2J\0"},
        {0: "root", 7: "amy", 9: "gone"},
        values={7: {"oom": 66.0, "exe": "/bin/sh"}, 9: {"oom": 5.0}},
    )
    lookups.cut_commands = frozenset({SHELL})
    return lookups


def recorded(sample: Sample | None = None) -> RecordedLookups:
    """Return the look-ups of a recorded sample that nobody looked at."""
    recorder = Recorder()
    recorder.take(sample or make_sample(ROWS), "kernel", 0, live())
    return RecordedLookups(recorder.recording().moments[0])


# --- strings --------------------------------------------------------------------------


def test_arguments_of_all_processes_are_recorded() -> None:
    table, lookups = make_sample(ROWS).processes, recorded()
    assert [lookups.cmdline(table.identity(row)) for row in range(4)] == [
        b"", b"/bin/sh\0-c\0x\x1b[2J\0", b"/bin/sh\0-c\0x\x1b[2J\0", None,
    ]  # fmt: skip
    assert lookups.cut_rows(table).tolist() == [False, True, False, False]


def test_commands_read_as_with_the_live_look_ups() -> None:
    table, lookups = make_sample(ROWS).processes, recorded()
    for row in (0, 1, 3):
        identity, comm = table.identity(row), bytes(table.comm[row])
        expected = live().command(identity, comm)
        assert lookups.command(identity, comm) == expected
        assert lookups.known_command(identity, comm) == expected
    assert lookups.command(table.identity(2), b"worker").text == r"/bin/sh -c x\x1b[2J"
    assert lookups.known_texts(table) == [
        "[kthreadd]", r"/bin/sh -c x\x1b[2J", "worker", "secret",
    ]  # fmt: skip


def test_another_process_with_the_pid_has_no_arguments() -> None:
    other = Identity(7, 5)
    assert recorded().cmdline(other) is None
    assert recorded().known_command(other, b"other").text == "other"


def test_arguments_are_those_that_were_shown() -> None:
    """A process may rewrite its own (setproctitle(3)) after the sample was taken."""
    recorder, arguments = Recorder(), {7: b"old\0", 9: b"same\0"}
    notes = recorder.take(make_sample(ROWS), "kernel", 0, FakeLookups(arguments))
    arguments[7] = b"new title\0"
    for identity in (SHELL, Identity(9, 1_000)):
        notes.command(identity, b"sh")
    (moment,) = recorder.recording().moments
    lookups = RecordedLookups(moment)
    assert lookups.command(SHELL, b"sh").text == "new title"
    assert lookups.cmdline(SHELL) == b"new title\0"
    assert lookups.cmdline(Identity(9, 1_000)) == b"same\0"


def test_users_and_cgroups_are_recorded_also_of_those_that_exited() -> None:
    sample = make_sample(
        ROWS,
        exits=make_exits([{"pid": 40, "uid": 9, "cgroup_id": 77}]),
        starts=make_starts([fork(41, 1, uid=7)]),
    )
    lookups = recorded(sample)
    assert [lookups.user(uid) for uid in (0, 7, 8, 9, 10)] == [
        "root", "amy", "8", "gone", "10",
    ]  # fmt: skip
    assert [lookups.cgroup(number) for number in (5, 77, 78)] == [
        "/group-5", "/group-77", "cgroup 78",
    ]  # fmt: skip


# --- values that somebody looked up ---------------------------------------------------


def test_the_users_that_sent_signals_are_recorded() -> None:
    death = make_death(sender=SENDER._replace(uid=9))
    exits = make_exits([{"pid": 40, "exit_signal": 9, "death": death}])
    sample = make_sample(ROWS, exits=exits)
    assert recorded(sample).user(9) == "gone"


def test_what_was_looked_up_is_recorded_and_the_rest_is_unknown() -> None:
    recorder = Recorder()
    base = live()
    notes = recorder.take(make_sample(ROWS), "kernel", 0, base)
    assert notes.gauge("oom", SHELL) == 66.0
    assert notes.known_labels("exe", [SHELL, (9, 1_000)]) == ["/bin/sh", ""]
    lookups = RecordedLookups(recorder.recording().moments[0])
    assert lookups.gauge("oom", SHELL) == 66.0
    assert math.isnan(lookups.gauge("oom", Identity(9, 1_000)))
    assert math.isnan(lookups.gauge("pss_bytes", SHELL))
    assert lookups.label("exe", SHELL) == "/bin/sh"
    assert lookups.label("cwd", SHELL) == ""
    assert math.isnan(lookups.shared_bytes(SHELL))


def test_every_look_up_is_answered_as_it_was() -> None:
    recorder = Recorder()
    base = FakeLookups(
        {7: b"sh\0"}, {7: "amy"}, {7: 4096.0}, values={7: {"oom": 1.0, "cwd": "/x"}}
    )
    page = details_of(SHELL)
    base.read_details = lambda _identity: page
    sample = make_sample(ROWS)

    def ask(lookups: Lookups) -> list[object]:
        table = sample.processes
        return [
            lookups.command(SHELL, b"sh"), lookups.known_command(SHELL, b"sh"),
            lookups.known_texts(table), lookups.cmdline(SHELL),
            lookups.cut_rows(table).tolist(), lookups.user(7),
            lookups.shared_bytes(SHELL), lookups.gauge("oom", SHELL),
            lookups.label("cwd", SHELL), lookups.known_gauges("oom", [SHELL]),
            lookups.known_labels("cwd", [SHELL]), lookups.cgroup(3),
            lookups.details(SHELL),
        ]  # fmt: skip

    notes = recorder.take(sample, "kernel", 0, base)
    answers = ask(notes)
    assert answers == ask(base)
    assert ask(RecordedLookups(recorder.recording().moments[0])) == answers


def test_a_value_belongs_to_its_sample() -> None:
    recorder = Recorder()
    recorder.take(make_sample(ROWS), "kernel", 0, live()).gauge("oom", SHELL)
    recorder.take(make_sample(ROWS, after_s=1.0), "kernel", 0, live())
    first, second = map(RecordedLookups, recorder.recording().moments)
    assert first.gauge("oom", SHELL) == 66.0
    assert math.isnan(second.gauge("oom", SHELL))


def test_a_recording_does_not_change_any_more() -> None:
    recorder = Recorder()
    notes = recorder.take(make_sample(ROWS), "kernel", 0, live())
    recording = recorder.recording()
    notes.gauge("oom", SHELL)
    assert recording.moments[0].answers.gauges == {}
    assert recorder.recording().moments[0].answers.gauges == {"oom": {SHELL: 66.0}}


def test_arguments_that_stay_take_no_memory_again() -> None:
    recorder = Recorder()
    for after_s in range(3):
        recorder.take(make_sample(ROWS, after_s=after_s), "kernel", 0, live())
    first, *later = recorder.recording().moments
    assert all(it.answers.arguments is first.answers.arguments for it in later)


# --- details --------------------------------------------------------------------------


def details_of(identity: Identity, monotonic_s: float = 1.0) -> Details:
    return Details(identity, "sh", 7, monotonic_s, (Section("files", "Open files"),))


def test_details_are_those_of_the_last_reading_until_the_process_exits() -> None:
    recorder, base = Recorder(), live()
    base.read_details = details_of
    samples = [make_sample(ROWS, after_s=after_s) for after_s in range(3)]
    samples.append(make_sample(ROWS[:1], after_s=3.0))
    taken = [recorder.take(sample, "kernel", 0, base) for sample in samples]
    # The reading ends when the next sample is there already.
    taken[1].details(SHELL)
    lookups = [RecordedLookups(moment) for moment in recorder.recording().moments]
    before, own, after, exited = [it.details(SHELL) for it in lookups]
    assert own == after == details_of(SHELL)
    assert exited is None
    assert before is not None
    assert before.monotonic_s == samples[0].monotonic_s


def test_without_a_reading_what_is_known_comes_first() -> None:
    details = recorded().details(SHELL)
    assert details is not None
    assert (details.name, details.uid, details.is_read) == ("sh", 7, False)
    *known, missing = details.sections
    assert all(part.data or part.table for part in known)
    section = {part.id: part for part in known}
    assert known[0].data[0].value == r"/bin/sh -c x\x1b[2J"
    command = section["command"]
    assert [it.value for it in command.data] == ["/bin/sh", "-c", r"x\x1b[2J"]
    assert command.note == "2 arguments; too long, cut"
    # Each of the others is named, in one section.
    others = [title for it, title in SECTIONS.items() if it not in section]
    assert (missing.id, missing.title) == (MISSING, "Not recorded")
    assert missing.reason == f"{', '.join(others)}: {WHY_MISSING}"


def test_arguments_that_could_not_be_read_are_not_made_up() -> None:
    details = recorded().details(Identity(9, 1_000))
    assert details is not None
    assert details.section("command") is None
    assert SECTIONS["command"] in details.sections[-1].reason


def test_the_sections_are_those_that_are_read() -> None:
    details = read_details(identity_of(os.getpid()), str)
    assert details is not None
    assert {part.id: part.title for part in details.sections} == SECTIONS
    assert [part.id for part in details.sections] == list(SECTIONS)


# --- the collector --------------------------------------------------------------------


def played(*samples: Sample) -> ReplayCollector:
    return ReplayCollector(
        Recording(tuple(Moment(sample, source="kernel") for sample in samples))
    )


def test_samples_come_in_order_with_their_own_look_ups() -> None:
    recorder = Recorder()
    for pid in (7, 9):
        recorder.take(make_sample([{"pid": pid}]), "kernel", 0, live())
    with ReplayCollector(recorder.recording()) as collector:
        first = collector.sample(Need.NONE).processes, collector.lookups
        second = collector.sample(Need.NONE).processes, collector.lookups
        assert collector.detail == "kernel, sample 2 of 2"
        with pytest.raises(RecordingEnded):
            collector.sample(Need.NONE)
        assert collector.lookups is second[1]
    assert [table.pid.tolist() for table, _ in (first, second)] == [[7], [9]]
    assert first[1].cmdline(SHELL) is not None
    assert second[1].cmdline(SHELL) is None


def test_all_that_was_recorded_is_there_whatever_is_needed() -> None:
    rows = [{"pid": 7, "shared_bytes": 4096}, {"pid": 8, "tgid": 7}]
    with played(make_sample(rows)) as collector:
        table = collector.sample(Need.NONE).processes
    assert table.pid.tolist() == [7, 8]
    assert table.shared_bytes[0] == 4096


def test_it_starts_anew_when_it_is_opened_again_and_is_closed_before() -> None:
    first, second = make_sample(), make_sample(after_s=1.0)
    collector = played(first, second)
    for _ in range(2):
        with pytest.raises(CollectorFailed):
            collector.sample(Need.NONE)
        with collector:
            assert collector.sample(Need.NONE) is first
            assert collector.sample(Need.NONE) is second
        collector.close()


def test_an_empty_recording_cannot_be_opened() -> None:
    collector = played()
    assert not collector.availability().available
    assert collector.detail == "no sample"
    with pytest.raises(CollectorUnavailable, match="empty; record"):
        collector.open()


def test_a_kept_sample_is_the_one_that_was_taken() -> None:
    sample = replace(make_sample(ROWS), vanished=3)
    recorder = Recorder()
    recorder.take(sample, "netlink", 4, live())
    (moment,) = recorder.recording().moments
    assert moment.sample is sample
    assert (moment.source, moment.opening) == ("netlink", 4)
    assert np.array_equal(moment.sample.processes.pid, [2, 7, 8, 9])
