"""`montauk probes`: what the kernel calls its fields, and what is missing."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from montauk_tui.collectors.kernel.btf import DEFAULT_PATH, Btf, Field
from montauk_tui.collectors.kernel.layout import (
    NO_COLLECTOR,
    REQUIRED,
    USED,
    Layout,
    Used,
    consequence,
    read_layout,
    unknown_columns,
)
from montauk_tui.errors import MontaukError
from montauk_tui.export import probes
from montauk_tui.model.exits import EXIT_FIELDS, ExitTable
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import FIELDS, UNKNOWN
from tests.cli.conftest import Command

NEEDS_BTF = pytest.mark.skipif(
    not Path(DEFAULT_PATH).is_file(), reason=f"this kernel has no {DEFAULT_PATH}"
)

KNOWN = Used("T_pid", "task_struct", "pid", Field(1264, 4, "pid_t"))
LONG = Used("M_rss", "mm_struct", "rss_stat", Field(8, 160, "struct percpu_counter[4]"))
NO_IO = Used("T_read_bytes", "task_struct", "ioac.read_bytes", None)
NO_TTY = Used("V_major", "tty_driver", "major", None)
NO_COMM = Used("T_comm", "task_struct", "comm", None)


def lines(*used: Used, tells: bool = True, rss: int = 40) -> list[str]:
    sizes = {"rss_stat": rss, "rss_in_counter": 8, "upid": 16}
    return probes.layout_lines(Layout(list(used), sizes, tells, tells, []))


def test_the_columns_are_aligned() -> None:
    assert lines(KNOWN, LONG)[:3] == [
        "STRUCT       FIELD     OFFSET  SIZE  TYPE",
        "task_struct  pid         1264     4  pid_t",
        "mm_struct    rss_stat       8   160  struct percpu_counter[4]",
    ]


def test_what_is_missing_and_what_that_costs() -> None:
    shown = lines(KNOWN, NO_IO, NO_TTY, NO_COMM)
    assert shown[2:6] == [
        "",
        "task_struct.ioac.read_bytes  missing: no I/O bytes",
        "tty_driver.major             missing: no terminal",
        "task_struct.comm             missing: no kernel collector",
    ]
    assert "missing" not in "\n".join(lines(KNOWN))


def test_what_differs_from_kernel_to_kernel() -> None:
    assert lines(KNOWN)[-4:] == [
        "",
        "element of mm_struct.rss_stat  40 bytes, counter at byte 8",
        "struct upid                    16 bytes",
        "tracepoint sched_process_exit  reports whether all threads exited",
    ]
    assert lines(KNOWN, tells=False)[-1].endswith(
        "does not report whether all threads exited"
    )
    assert lines(KNOWN, rss=0)[-3] == "element of mm_struct.rss_stat  missing"


@NEEDS_BTF
def test_the_absence_of_every_field_has_a_consequence() -> None:
    macros = {used.macro for used in read_layout(Btf()).used}
    assert macros >= REQUIRED
    for macro in macros:
        assert (consequence(macro) == NO_COLLECTOR) == (macro in REQUIRED)


def test_what_is_missing_is_unknown_and_not_0() -> None:
    assert unknown_columns([]) == frozenset()
    missing = ["T_read_bytes", "S_write_bytes", "T_on_cpu", "T_comm", "S_pids"]
    expected = {"read_bytes", "write_bytes", "pgrp", "session"}
    assert unknown_columns(missing) == expected
    live = ProcessTable(np.array([b"a"]), {name: np.array([0]) for name in FIELDS})
    ended = {name: np.array([0]) for name in EXIT_FIELDS}
    exits = ExitTable(np.array([b"a"]), np.array([b"a"]), ended)
    for table in (live.without(expected), exits.without(expected)):
        for name in FIELDS if isinstance(table, ProcessTable) else EXIT_FIELDS:
            assert getattr(table, name)[0] == (UNKNOWN if name in expected else 0)
    known = set(FIELDS) | set(EXIT_FIELDS)
    assert {name for one in USED for name in one.columns.split()} <= known


@NEEDS_BTF
def test_the_fields_of_this_kernel(program: Command) -> None:
    code, out, err = program("probes", "layout")
    assert (code, err) == (0, "")
    fields = out.split("\n\n")[0].splitlines()
    assert fields[0].split() == ["STRUCT", "FIELD", "OFFSET", "SIZE", "TYPE"]
    used = [one for one in read_layout(Btf()).used if one.field is not None]
    assert len(fields) == 1 + len(used)
    for line, (_, struct, name, field) in zip(fields[1:], used, strict=True):
        assert field is not None
        assert line.split(None, 4) == [
            struct, name, str(field.offset), str(field.size), field.type_name,
        ]  # fmt: skip


@NEEDS_BTF
def test_nothing_that_draws_or_calculates_is_loaded() -> None:
    script = (
        "import sys; from montauk_tui import cli; cli.main(['probes', 'layout']);"
        "print(sorted({'textual', 'rich', 'numpy'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "no "), (b"", "cut short"), (b"\x7fELF" + bytes(60), "no BTF")],
)
def test_type_information_that_cannot_be_read(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    path = tmp_path / "vmlinux"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MontaukError) as caught:
        probes.layout(str(path))
    assert reason in caught.value.reason
    assert str(path) in caught.value.reason
    assert "CONFIG_DEBUG_INFO_BTF" in caught.value.remedy


def test_type_information_that_may_not_be_read(
    here: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> Btf:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(probes, "Btf", refuse)
    result = here("probes", "layout")
    assert result.code == 1
    assert result.complaint.endswith("permission denied; run it as root")


@pytest.mark.parametrize(
    ("arguments", "hints"),
    [
        (["probes"], ["choose one of: load, unload, status, layout"]),
        (["probes", "loaded"], ["'loaded'", "'load'", "layout"]),
        (["probes", "load", "--group"], ["--group"]),
        (["probes", "load", "--group", "a", "--everybody"], ["not allowed with"]),
        (["probes", "load", "--slots", "0"], ["--slots", "positive"]),
        (["probes", "unload", "--group", "a"], ["--group"]),
        (["probes", "status", "--json"], ["--json"]),
        (["probes", "lay"], ["'lay'", "layout"]),
        (["probes", "a\nb\x1b[2J"], ["layout"]),
        (["probes", "layout", "x"], ["x", "--help"]),
        (["probes", "--json"], ["--json"]),
        (["probes", "layout", "--json"], ["--json"]),
        (["probes", "layout", "-n", "1"], ["-n"]),
        (["--json", "probes", "layout"], ["probes"]),
        (["--collector", "kernel", "probes", "layout"], ["probes"]),
        (["layout"], ["layout"]),
    ],
    ids=lambda value: " ".join(value)[:40].encode("unicode_escape").decode(),
)
def test_wrong_usage(here: Command, arguments: list[str], hints: list[str]) -> None:
    result = here(*arguments)
    assert result.code == 2
    for hint in hints:
        assert hint in result.complaint


@pytest.mark.parametrize(
    ("arguments", "hints"),
    [
        (["--help"], ["montauk probes layout"]),
        (["probes", "--help"], ["usage: montauk probes ", "load", "layout"]),
        (["probes", "load", "--help"], ["--group", "--everybody", "--slots", "root"]),
        (["probes", "layout", "--help"], ["usage: montauk probes layout", "kernel"]),
    ],
    ids=" ".join,
)
def test_help(here: Command, arguments: list[str], hints: list[str]) -> None:
    code, out, err = here(*arguments)
    assert (code, err) == (0, "")
    for hint in hints:
        assert hint in out


@pytest.mark.parametrize("option", ["--filter", "--sort", "--collector"])
def test_an_option_may_have_the_name_of_the_command(here: Command, option: str) -> None:
    result = here(option, "probes", "--json", "-n1", "-d.1", "--limit=1")
    if option == "--filter":
        assert result.code == 0
        # Any process of the machine may have a command line that is cut.
        assert not result.err or "command line" in result.err
    else:
        assert result.code == 2
        assert "'probes'" in result.complaint
