"""The details of an exited process: what its exit record tells."""

import re

from montauk_tui.engine.details import value_text
from montauk_tui.engine.exited_details import exited_details, with_exit
from montauk_tui.model.details import MISSING, SECTIONS, Datum, Details, Section
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import Identity
from tests.support.deaths import make_death
from tests.support.listing import Life, end


def killed() -> Frame:
    row = end(
        100, comm=b"cc1", cmdline=b"/usr/bin/cc1\0-quiet\0", exit_code=None,
        exit_signal=9, death=make_death(), peak_rss_bytes=3 << 20,
        utime_ns=2 * 10**9, read_bytes=4096, write_bytes=0,
    )  # fmt: skip
    return Life().at(1.0, [row])


def details_of(frame: Frame) -> Details:
    exits = frame.history.exited[-1].exits
    found = exited_details(frame, Identity(100, int(exits.start_ticks[0])))
    assert found is not None
    return found


def texts(details: Details, section: str) -> dict[str, str]:
    part = details.section(section)
    assert part is not None
    return {datum.label: value_text(datum.value) for datum in part.data}


def test_how_it_exited_comes_first() -> None:
    details = details_of(killed())
    assert (details.name, details.is_read) == ("cc1", False)
    assert details.sections[0].id == "exit"
    how = texts(details, "exit")
    assert how["Status"] == "killed by SIGKILL"
    assert "systemd-oomd 812" in how["Cause"]
    # No "3 s ago", which would soon be wrong.
    assert re.fullmatch(r"[-\d]+ [:\d]+", how["Exited"])
    assert how["Killer"] == "/usr/lib/systemd/systemd-oomd"
    assert [datum.notable for datum in details.sections[0].data[:2]] == [True, True]


def test_then_what_it_was_and_used() -> None:
    details = details_of(killed())
    assert texts(details, "process")["Command"] == "/usr/bin/cc1 -quiet"
    assert texts(details, "process")["PID"] == "100"
    assert texts(details, "memory") == {"RSS": "at most 3.0M"}
    assert texts(details, "usage")["Storage"] == "read 4.0K, written 0"
    assert list(texts(details, "command").values()) == ["/usr/bin/cc1", "-quiet"]


def test_one_section_names_what_is_not_known() -> None:
    details = details_of(killed())
    *known, missing = details.sections
    assert missing.id == MISSING
    names = [name for it, name in SECTIONS.items() if details.section(it) is None]
    assert missing.reason.startswith(", ".join(names) + ": ")
    assert all(part.data for part in known)


def test_values_that_are_not_known_are_left_out() -> None:
    row = end(100, utime_ns=None, stime_ns=None, lifetime_ns=None)
    details = details_of(Life().at(1.0, [row]))
    assert "Lived" not in texts(details, "exit")
    assert details.section("usage") is None
    assert details.section("command") is None
    assert not details.sections[0].data[0].notable


def test_one_whose_exit_is_not_kept_has_none() -> None:
    assert exited_details(Life().at(1.0, []), Identity(100, 5)) is None


def test_its_exit_stands_above_what_was_read_while_it_lived() -> None:
    exited = details_of(killed())
    limits = Section("limits", "Limits", (Datum("Open files", "3"),))
    read = Details(exited.identity, "cc1", 0, 1.0, (limits,))
    both = with_exit(read, exited)
    assert [part.id for part in both.sections] == ["exit", "limits"]
    assert with_exit(both, exited) is both
    assert with_exit(read, read) is read
