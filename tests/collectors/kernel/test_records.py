"""records.py says of every field what the C compiler says of probes/records.h."""

import hashlib
import re
import subprocess
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from montauk_tui.collectors.kernel import records
from montauk_tui.collectors.kernel.records import INITIAL_PID, own_records
from montauk_tui.resources import folder

STRUCTS: Final = {
    "life": records.LIFECYCLE,
    "brief": records.BRIEF,
    "final": records.FINAL,
    "death": records.DEATH,
    "victim": records.VICTIM,
    "attempt": records.ATTEMPT,
    "counts": records.COUNTS,
    "idle": records.IDLE,
    "task": records.TASK,
}

PROGRAM: Final = """
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;
#include "records.h"
#define SIZE(name) printf("%s . 0 %zu 0\\n", #name, sizeof(struct name));
#define IS_SIGNED(value) _Generic((value), s32: 1, s64: 1, default: 0)
#define FIELD(name, field) { \\
    struct name it; \\
    printf("%s %s %zu %zu %d\\n", #name, #field, offsetof(struct name, field), \\
           sizeof(it.field), IS_SIGNED(it.field)); }
"""

HEADER: Final = (folder("probes") / "records.h").read_text()


def fields_of(struct: str) -> list[str]:
    """Return the names of the fields in the header, in order."""
    body = re.search(rf"struct {struct} {{(.*?)^}};", HEADER, re.DOTALL | re.MULTILINE)
    assert body is not None
    return re.findall(r"^    \w+ (\w+)(?:\[\w+\])?;", body[1], re.MULTILINE)


Facts = dict[tuple[str, str], tuple[int, int, int]]
"""Offset, size and whether signed, by struct and field; `.` is the struct."""


@pytest.fixture(scope="module")
def facts(compiler: str, tmp_path_factory: pytest.TempPathFactory) -> Facts:
    lines = [f"SIZE({name})" for name in STRUCTS]
    lines += [
        f"FIELD({name}, {field})" for name in STRUCTS for field in fields_of(name)
    ]
    place = tmp_path_factory.mktemp("records")
    source, program = place / "layout.c", place / "layout"
    source.write_text(f"{PROGRAM}\nint main(void) {{ {' '.join(lines)} return 0; }}\n")
    include = f"-I{folder('probes')}"
    subprocess.run([compiler, include, "-o", program, source], check=True)
    output = subprocess.run([program], capture_output=True, text=True, check=True)
    words = (line.split() for line in output.stdout.splitlines())
    return {(w[0], w[1]): (int(w[2]), int(w[3]), int(w[4])) for w in words}


def numpy_fields(record: np.dtype[np.void]) -> dict[str, tuple[int, int, int]]:
    assert record.fields is not None
    return {
        name: (offset, kind.itemsize, int(kind.base.kind == "i"))
        for name, (kind, offset, *_) in record.fields.items()
    }


def test_no_struct_is_forgotten() -> None:
    assert set(re.findall(r"^struct (\w+) {", HEADER, re.MULTILINE)) == set(STRUCTS)


@pytest.mark.parametrize("name", STRUCTS)
def test_a_struct_is_equal_field_for_field(name: str, facts: Facts) -> None:
    record = STRUCTS[name]
    assert facts[name, "."][1] == record.itemsize
    declared = {field: facts[name, field] for field in fields_of(name)}
    assert numpy_fields(record) == declared


def test_the_constants_are_equal() -> None:
    assert f"#define ARGV_BYTES {records.ARGV_BYTES}\n" in HEADER
    assert f"enum kind {{ EXEC = {records.EXEC}, EXIT = {records.EXIT} }};" in HEADER


def test_sizes_that_the_programs_count_on() -> None:
    """`length & 511` in put_argv, `at &= 127` in put_tried; lines of one CPU only."""
    behind = numpy_fields(records.ATTEMPT)
    assert behind["argv"][1] == 128
    assert behind["exe"] == (behind["argv"][0] + 128, 128, 0)
    assert records.ATTEMPT.itemsize == behind["exe"][0] + 128
    assert records.LIFECYCLE.itemsize == 672
    assert records.ARGV_BYTES <= 512
    assert records.IDLE.itemsize == 64
    assert records.COUNTS.itemsize == 128
    assert Path(folder("probes"), "lives.c").read_text().count("length & 511") == 1


@pytest.mark.parametrize("offset_ns", [864_000 * 10**9, -5 * 10**9, 0])
def test_times_are_moved_into_a_time_namespace(offset_ns: int) -> None:
    for record in (records.LIFECYCLE, records.BRIEF, records.FINAL, records.TASK):
        made = np.zeros(2, dtype=record)
        times = [
            name
            for name in ("time_ns", "start_ns", "last_ns")
            if name in numpy_fields(record)
        ]
        for moved in times:
            made[moved] = 10**10
        records.in_namespace(made, offset_ns)
        for name in numpy_fields(record):
            if record[name].kind != "S":
                expected = 10**10 + offset_ns if name in times else 0
                assert np.all(made[name] == expected), name


def test_a_request_that_there_was_not_stays_at_0() -> None:
    made = np.zeros(2, dtype=records.DEATH)
    made["asked_ns"][1] = made["sender_start_ns"][1] = 10**10
    records.in_namespace(made, 5)
    assert made["asked_ns"].tolist() == [0, 10**10 + 5]
    assert made["sender_start_ns"].tolist() == [5, 10**10 + 5]


LAYOUTS: Final = {1: "2256936c"}
"""A digest of all records, by the number of the protocol (docs/probes.md)."""


def test_another_layout_is_another_protocol() -> None:
    """If not: raise ABI, or, if it was not released yet, put the new digest above."""
    found = {name: str(it.descr) for name, it in records.records_of(HEADER).items()}
    digest = hashlib.sha256(repr(sorted(found.items())).encode()).hexdigest()[:8]
    assert LAYOUTS.get(records.ABI) == digest
    assert max(LAYOUTS) == records.ABI


def test_records_of_a_pid_namespace_have_its_pids() -> None:
    made = np.zeros(4, dtype=records.BRIEF)
    made["pid"], made["ppid"] = [100, 101, 102, 103], [1, 100, 101, 102]
    made["ns"][:3] = [[7, 0, 0], [7, 8, 0], [9, 7, 8]]
    made["ns_pid"][:3] = [[1, 0, 0], [2, 1, 0], [5, 6, 7]]
    made["ns_ppid"][:3] = [[0, 0, 0], [1, 0, 0], [4, 3, 2]]
    assert own_records(made.copy(), INITIAL_PID)["pid"].tolist() == [100, 101, 102, 103]
    for namespace, pids, ppids in (
        (7, [1, 2, 6], [0, 1, 3]), (8, [1, 7], [0, 2]), (9, [5], [4]), (10, [], [])
    ):  # fmt: skip
        own = own_records(made.copy(), namespace)
        assert (own["pid"].tolist(), own["ppid"].tolist()) == (pids, ppids)
