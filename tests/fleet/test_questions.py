"""The ten questions of docs/fleet.md, asked of three hosts by DuckDB."""

import json
from pathlib import Path
from typing import Any

import pytest

from montauk_tui.export.fleet.asking import ask
from montauk_tui.export.fleet.questions import QUESTIONS
from tests.support.fleet import exported, record_all

BY_ID = {question.id: question for question in QUESTIONS}
BUILD, ONE, TWO = "a" * 32, "b" * 32, "c" * 32


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fleet")
    for folder in record_all(path):
        exported(folder, path / "out")
    return path / "out"


Rows = list[dict[str, Any]]


@pytest.fixture
def answers(fleet: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    for question in QUESTIONS:
        ask(question.sql, [fleet], "json")
        lines = capsys.readouterr().out.splitlines()
        found[question.id] = [json.loads(line) for line in lines]
    return found


def test_ten_questions_have_the_right_answers(answers: dict[str, Rows]) -> None:
    assert len(QUESTIONS) == len(BY_ID) == len(answers) == 10
    # 90 s of 6, 1 and 2 compilers a second, of which number n takes 25 n + 5 ms.
    assert answers["exited"] == [
        {"host": "build", "machine_id": BUILD, "cgroup": "/group-3", "comm": "cc1",
         "exits": 540, "cpu": 49.95},
        {"host": "web", "machine_id": TWO, "cgroup": "/group-3", "comm": "cc1",
         "exits": 180, "cpu": 7.65},
        {"host": "web", "machine_id": ONE, "cgroup": "/group-3", "comm": "cc1",
         "exits": 90, "cpu": 2.7},
    ]  # fmt: skip
    commands = {one["comm"]: one["cpu"] for one in answers["commands"]}
    assert commands == {"cc1": 60.3, "sh": 27.0, "leaky": 8.1, "kthreadd": 0.27}
    assert [(it["busy"], it["live"], it["exited"]) for it in answers["busy"]] == [
        (90.0, 14.49, 49.95), (90.0, 9.99, 2.7), (90.0, 10.89, 7.65),
    ]  # fmt: skip
    assert answers["failures"] == [{"comm": "cc1", "exits": 810, "failures": 113}]
    assert [(it["machine_id"], it["times"]) for it in answers["killed"]] == [
        (BUILD, 18), (TWO, 6), (ONE, 3),
    ]  # fmt: skip
    assert answers["killed"][0]["killer"] == "systemd-oomd"
    assert answers["memory"][0]["most"] == 550 << 20
    assert answers["memory"][3]["comm"] == "cc1"
    assert [(it["who"], it["execs"]) for it in answers["starts"]] == [
        ("amy", 540), ("amy", 180), ("amy", 90),
    ]  # fmt: skip
    assert [it["growth"] >> 20 for it in answers["growth"]] == [540, 180, 90]
    assert len(answers["minute"]) == 3
    assert answers["minute"][0]["began"].endswith(":00Z")
    last = [one for one in answers["moment"] if one["machine_id"] == BUILD]
    assert sum(one["processes"] for one in last) == 4
    assert sum(one["bytes"] for one in last) == (550 << 20) + 3 * (8 << 20)


def test_all_are_asked_in_words() -> None:
    assert all(question.asks.endswith("?") for question in QUESTIONS)
