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

Process = dict[str, Any]

MIB = 1 << 20
BUSY = "import time\nheld = b'x' * (120 << 20)\nwhile True: pass"


def examples() -> list[str]:
    return (
        section(DOCS / "queries.md", "Ten examples").split("```")[1].strip().split("\n")
    )


@pytest.fixture(scope="module")
def frame() -> Iterator[Frame]:
    """Return what lives, among it a busy python below a shell, a second later."""
    command = ["sh", "-c", '"$0" -c "$1" & wait', sys.executable, BUSY]
    shell = subprocess.Popen(command, start_new_session=True)
    source = FrameSource(registry.open_collector("traditional"))
    with closing(source):
        time.sleep(0.3)
        source.next_frame(Need.CMDLINE)
        time.sleep(0.5)
        try:
            yield source.next_frame(Need.CMDLINE)
        finally:
            os.killpg(shell.pid, signal.SIGKILL)
            shell.wait()


@pytest.fixture(scope="module")
def processes(frame: Frame) -> list[Process]:
    rows = np.arange(len(frame.sample.processes))
    document = json.loads(frame_json(frame, rows, np.empty(0, dtype=np.int64)))
    total = document["host"]["mem_total_bytes"]
    by_pid = {one["pid"]: one for one in document["processes"]}
    for one in by_pid.values():
        one["text"] = f"{one['cmdline']} {one['comm']}".lower()
        one["mem_pct"] = (one["rss_bytes"] or 0) / total * 100
        one["age_s"] = document["time"] - one["start_time"]
        one["cpu_s"] = one["utime_s"] + one["stime_s"]
        one["parent"] = by_pid.get(one["ppid"], {"comm": None})
    return list(by_pid.values())


EXPECTED: tuple[Callable[[Process], bool], ...] = (
    lambda one: "python" in one["text"] or "node" in one["text"],
    lambda one: (one["cpu_pct"] or 0) > 10 and one["user"] == "root",
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
        limit_s = time.monotonic() + 20
        found: list[float] = []
        while failing.pid not in found and time.monotonic() < limit_s:
            time.sleep(0.1)
            listed = exited_only(source.next_frame(Need.NONE))
            real = listed.extra.get("real_pid", np.empty(0))
            found = real[matching(parse(examples()[-1]), listed)].tolist()
        assert failing.pid in found


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
