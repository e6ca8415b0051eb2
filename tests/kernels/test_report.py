"""How results are read, and the table they make."""

from pathlib import Path

import pytest

from tests.kernels import report
from tests.kernels.report import Row

KERNEL = "6.1.0-50-amd64"


def write(folder: Path, name: str, rows: str, code: str) -> None:
    (folder / f"{name}.rows").write_text(rows, "utf-8")
    (folder / f"{name}.code").write_text(code, "utf-8")


def test_lines_that_are_no_rows_are_left_out() -> None:
    text = (
        "pass one\nchatter pass\npassed two\nFAIL three why it is | so\nskip four -\n"
    )
    assert report.parse(KERNEL, text) == [
        Row(KERNEL, "one", "pass"),
        Row(KERNEL, "three", "FAIL", "why it is | so"),
        Row(KERNEL, "four", "skip", "-"),
    ]


def test_a_check_that_ends_well_has_its_own_rows_only(tmp_path: Path) -> None:
    write(tmp_path, "good", "pass one\nskip two reason\n", "0\n")
    assert report.rows(KERNEL, ["good"], tmp_path) == [
        Row(KERNEL, "one", "pass"),
        Row(KERNEL, "two", "skip", "reason"),
    ]


@pytest.mark.parametrize(
    ("code", "reason"),
    [("1\n", "ended with 1"), ("124\n", "took too long"), ("137\n", "took too long")],
)
def test_a_check_that_ends_badly_fails_whatever_it_said(
    tmp_path: Path, code: str, reason: str
) -> None:
    write(tmp_path, "a_bad_one", "pass one\n", code)
    assert report.rows(KERNEL, ["a_bad_one"], tmp_path) == [
        Row(KERNEL, "one", "pass"),
        Row(KERNEL, "a-bad-one", "FAIL", reason),
    ]


def test_a_check_that_was_never_reached_or_says_nothing_fails(tmp_path: Path) -> None:
    write(tmp_path, "silent", "", "0\n")
    assert report.rows(KERNEL, ["absent", "silent"], tmp_path) == [
        Row(KERNEL, "absent", "FAIL", "did not come to its end"),
        Row(KERNEL, "silent", "FAIL", "said nothing"),
    ]


def test_the_table_is_aligned() -> None:
    found = [Row(KERNEL, "one", "pass"), Row("7.2", "second", "FAIL", "not | so")]
    assert report.table(found).splitlines() == [
        "| kernel         | check  | result         |",
        "| -------------- | ------ | -------------- |",
        "| 6.1.0-50-amd64 | one    | pass           |",
        r"| 7.2            | second | FAIL not \| so |",
    ]
