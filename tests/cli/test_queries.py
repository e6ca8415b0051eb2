"""The ten queries of docs/queries.md, each asked of processes that live."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from montauk_tui.collectors import registry
from montauk_tui.engine.query import matching, parse
from montauk_tui.engine.query.fields import SHORT
from montauk_tui.engine.rows.exited import exited_only
from montauk_tui.errors import CollectorUnavailable
from montauk_tui.export.jsonlines import frame_json
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Need
from montauk_tui.pipeline.frames import FrameSource
from montauk_tui.ui.widgets.help_page import QUERIES
from tests.architecture.test_docs import DOCS, section
from tests.support.patience import until

Process = dict[str, Any]

MIB = 1 << 20
BUSY = "held = b'x' * (120 << 20)\nprint(flush=True)\nwhile True: pass"


def examples() -> list[str]:
    return (
        section(DOCS / "queries.md", "Ten examples").split("```")[1].strip().split("\n")
    )


@pytest.fixture(scope="module")
def frame() -> Iterator[Frame]:
    """Return what lives, among it a busy python below a shell, a moment later."""
    command = ["sh", "-c", '"$0" -c "$1" & wait', sys.executable, BUSY]
    source = FrameSource(registry.open_collector("traditional"))
    with (
        closing(source),
        subprocess.Popen(
            command, start_new_session=True, stdout=subprocess.PIPE
        ) as shell,
    ):
        try:
            assert shell.stdout is not None
            assert shell.stdout.readline() == b"\n"
            source.next_frame(Need.CMDLINE)
            time.sleep(0.5)
            yield source.next_frame(Need.CMDLINE)
        finally:
            os.killpg(shell.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def processes(frame: Frame) -> list[Process]:
    rows = np.arange(len(frame.sample.processes))
    document = json.loads(frame_json(frame, rows, np.empty(0, dtype=np.int64)))
    total = document["host"]["mem_total_bytes"]
    by_pid = {one["pid"]: one for one in document["processes"]}
    sample, exact = frame.sample, frame.rates.cpu_pct
    ages_s = sample.boot_s - sample.processes.start_ticks / sample.user_hz
    # What JSON rounds may be on the other side of a limit.
    for row, one in enumerate(document["processes"]):
        one["cpu_pct"], one["age_s"] = float(exact[row]), float(ages_s[row])
    for one in by_pid.values():
        one["text"] = f"{one['cmdline']} {one['comm']}".lower()
        one["mem_pct"] = (one["rss_bytes"] or 0) / total * 100
        one["cpu_s"] = one["utime_s"] + one["stime_s"]
        one["parent"] = by_pid.get(one["ppid"], {"comm": None})
    return list(by_pid.values())


EXPECTED: tuple[Callable[[Process], bool], ...] = (
    lambda one: "python" in one["text"] or "node" in one["text"],
    lambda one: one["cpu_pct"] > 10 and one["user"] == "root",
    lambda one: (one["rss_bytes"] or 0) >= 100 * MIB or one["mem_pct"] > 5,
    lambda one: one["age_s"] < 2,
    lambda one: one["comm"].startswith("python"),
    lambda one: one["state"] in ("R", "D"),
    lambda one: one["parent"]["comm"] == "sh" and not one["cpu_s"] > 60,
    lambda one: (
        ("cron" in one["text"] or "sshd" in one["text"]) and one["user"] != "root"
    ),
    lambda one: one["ppid"] == 1 and one["threads"] > 1 and one["nice"] <= 0,
    lambda _: False,
)


@pytest.mark.parametrize("number", range(10))
def test_each_query_of_the_page_finds_what_it_says(
    frame: Frame, processes: list[Process], number: int
) -> None:
    query = examples()[number]
    found = frame.sample.processes.pid[matching(parse(query), frame)].tolist()
    expected = [one["pid"] for one in processes if EXPECTED[number](one)]
    assert found == expected, query
    if number in (0, 2, 4, 5, 6):
        assert found, "the busy python is among them"


def test_a_failure_is_found_after_its_end() -> None:
    try:
        opened = registry.open_collector("netlink")
    except CollectorUnavailable as refusal:
        pytest.skip(str(refusal))
    with closing(FrameSource(opened)) as source:
        source.next_frame(Need.NONE)
        failing = subprocess.Popen(["sh", "-c", "exit 3"])
        failing.wait()

        def is_found() -> bool:
            listed = exited_only(source.next_frame(Need.NONE))
            real = listed.extra.get("real_pid", np.empty(0))
            found = real[matching(parse(examples()[-1]), listed)].tolist()
            return failing.pid in found

        until(is_found, "the failure")


def test_there_are_ten_and_all_are_queries() -> None:
    assert len(examples()) == 10
    for text in (*examples(), *(example for example, _ in QUERIES)):
        assert parse(text)


def test_the_page_names_every_short_name() -> None:

    page = section(DOCS / "queries.md", "Fields")
    assert {name for name in SHORT if f"`{name}`" not in page} == set()


def test_the_mistake_of_the_page_is_told_so(program: Any) -> None:
    (line,) = [
        line
        for line in Path(DOCS / "queries.md").read_text("utf-8").splitlines()
        if line.startswith("montauk: ")
    ]
    result = program("--once", "--filter", "cpu > ten")
    assert (result.code, result.err) == (2, f"{line}\n")
