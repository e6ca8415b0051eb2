"""A page of a report: nothing in it runs or loads, whatever processes are called."""

import base64
import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from montauk_tui.engine.usage.report import Report
from montauk_tui.export.report.page import SECTIONS, page
from montauk_tui.export.report.reading import gaps_of, part_of, report_of
from montauk_tui.export.report.style import CSS, DARK, LIGHT
from montauk_tui.export.report.tables import safe, shown
from montauk_tui.export.report.timeline import Columns, columns_of
from montauk_tui.model.sample import Sample
from montauk_tui.recorder.reader import DiskRecording
from tests.support.builders import FakeLookups, cpu_ticks, make_host, make_sample
from tests.support.exits import make_exits
from tests.support.recordings import frames_of, read, write

THEMES = Path(__file__).parents[2] / "themes"

HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' style='background:url(//evil)' x='",
    "</style></title><svg onload=alert(1)>",
    "&lt;b&gt;&amp;#x3c;script",
    "a\x00\x07\x1b[2J\r\nb",
    "\u202egnp.exe\u2066\u200b\ufeff",
    "\u05d0\u05d1 12 \u0627",
    "<!-- -->]]>",
    "\ud800",
)


class Tags(HTMLParser):
    """Keeps what a page consists of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(
        self, tag: str, attrs: Sequence[tuple[str, str | None]]
    ) -> None:
        self.tags.add(tag)
        self.attributes |= {(name, value or "") for name, value in attrs}
        if tag not in {"meta", "rect", "path"}:
            self.open.append(tag)

    def handle_startendtag(
        self, tag: str, attrs: Sequence[tuple[str, str | None]]
    ) -> None:
        self.tags.add(tag)
        self.attributes |= {(name, value or "") for name, value in attrs}

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"rect", "path"}:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def hostile_samples() -> list[Sample]:
    """Return samples in which every text is hostile."""
    made = []
    for at in range(3):
        rows = [
            {"pid": 10 + row, "comm": name.encode("utf-8", "replace"), "uid": row,
             "utime": 50 * at, "cgroup_id": row}
            for row, name in enumerate(HOSTILE)
        ]  # fmt: skip
        exits = [
            {"pid": 90 + row, "ppid": 10, "comm": name.encode("utf-8", "replace")[:60],
             "cmdline": b"x\0" + name.encode("utf-8", "replace").replace(b"\0", b""),
             "start_ticks": 10_000_000 + 100 * at - 50, "utime_ns": 10**8, "uid": row}
            for row, name in enumerate(HOSTILE)
        ]  # fmt: skip
        made.append(
            make_sample(
                rows, after_s=float(at), exits=make_exits(exits if at else []),
                host=make_host(
                    [cpu_ticks(user=100.0 * at, idle=9_000)], hostname=HOSTILE[0]
                ),
            )
        )  # fmt: skip
    return made


class HostileLookups(FakeLookups):
    """Answers with hostile texts, as no recording does."""

    def user(self, uid: int) -> str:
        return HOSTILE[uid % len(HOSTILE)]

    def cgroup(self, number: int) -> str:
        return f"/{HOSTILE[number % len(HOSTILE)]}"


def page_of(recording: DiskRecording, limit: int | None = None) -> str:
    part = part_of(recording, None, None)
    report = report_of(recording, part, SECTIONS)
    timelines = (
        columns_of(recording.timeline, part, 480),
        columns_of(recording.timeline, part, 120),
    )
    return page(report, timelines, gaps_of(recording, part), limit)


@pytest.fixture
def hostile(tmp_path: Path) -> str:
    write(tmp_path / "it", frames_of(hostile_samples(), FakeLookups()))
    return page_of(read(tmp_path / "it"), 99)


def check(text: str) -> Tags:
    """Check that a page has nothing but what a page has."""
    found = Tags(text)
    assert found.tags == TAGS
    names = {name for name, _ in found.attributes}
    assert not {name for name in names if name.startswith("on")}
    assert not names & {"style", "src", "srcset", "action", "formaction", "xlink:href"}
    links = {value for name, value in found.attributes if name == "href"}
    assert links == {f"#{by}" for by in SECTIONS}
    characters = {char for char in text if unicodedata.category(char)[0] == "C"}
    assert characters == {"\n"}
    return found


TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "h1", "h2", "p",
    "nav", "a", "dl", "div", "dt", "dd", "small", "section", "figure", "svg", "path",
    "text", "rect", "ul", "li", "i", "b", "table", "thead", "tbody", "tr", "th", "td",
    "bdi", "span", "footer",
}  # fmt: skip


def test_names_of_processes_are_only_text(hostile: str) -> None:
    found = check(hostile)
    for name in HOSTILE[:5]:
        assert shown(name[:60]) in found.texts
    assert r"\u202egnp.exe\u2066\u200b\ufeff" in found.texts


def test_so_are_names_that_nothing_made_safe() -> None:
    report = Report(SECTIONS)
    for sample in hostile_samples():
        report.add(sample, HostileLookups(), HOSTILE[0])
    text = page(report, (NO_TIME, NO_TIME), [], 99)
    found = Tags(text)
    assert found.tags <= TAGS
    assert not {name for name, _ in found.attributes if name.startswith("on")}
    for name in ("<script", "<img", "<svg onload"):
        assert name not in text


NOTHING = np.zeros(0)
NO_TIME = Columns(
    NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, np.zeros((4, 0), dtype=int)
)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_one_text(text: str) -> None:
    parsed = Tags(safe(text))
    assert parsed.tags == {"bdi"}
    assert "".join(parsed.texts) == shown(text)


def test_the_policy_permits_its_own_style_only(hostile: str) -> None:
    (style,) = re.findall(r"<style>(.*?)</style>", hostile, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert (
        "content=\"default-src 'none'; style-src 'sha256-"
        f"{digest}'; base-uri 'none'; form-action 'none'\""
    ) in hostile
    for word in ("url(", "@import", "http:", "https:", "<script", "javascript"):
        assert word not in style
    assert re.search(r"https?:|//", hostile.replace("//evil", "")) is None


def test_the_colours_are_those_of_the_themes() -> None:
    roles = {
        "label": "label", "strong": "value", "faint": "faint", "live": "bar_user",
        "exited": "bar_nice", "irq": "bar_irq", "unexplained": "hot", "warm": "warm",
    }  # fmt: skip
    for colours, name in ((DARK, "montauk-dark"), (LIGHT, "montauk-light")):
        theme = tomllib.loads((THEMES / f"{name}.toml").read_text("utf-8"))
        surface, styles = theme["surface"], theme["styles"]
        expected = {role: styles[style].split()[-1] for role, style in roles.items()}
        expected |= {
            "background": surface["background"], "panel": surface["panel"],
            "text": surface["foreground"], "accent": surface["accent"],
        }  # fmt: skip
        assert colours == expected
        for colour in colours.values():
            assert colour in CSS


def test_pictures_are_well_formed(hostile: str) -> None:
    pictures = re.findall(r'<svg class="(\w+)".*?</svg>', hostile, re.DOTALL)
    assert pictures == ["wide", "narrow"]
    for picture in re.findall(r'<svg class="wide".*?</svg>', hostile, re.DOTALL):
        root = ET.fromstring(picture)  # noqa: S314 - our own
        assert root.get("role") == "img"
        assert len(root.findall("rect")) == 2
        for path in root.findall("path"):
            numbers = re.findall(r"-?[\d.]+", path.get("d") or "")
            assert all(0 <= float(it) <= 1080 for it in numbers if "-" not in it)


def test_a_page_says_when_nothing_is_missing(hostile: str) -> None:
    assert "Nothing is missing" in hostile


@pytest.mark.parametrize(
    ("sees", "used", "style"),
    [(True, 1, "unexplained"), (True, 99, "rest"), (False, 1, "rest")],
)
def test_much_that_is_unexplained_is_a_warning(
    tmp_path: Path, *, sees: bool, used: int, style: str
) -> None:
    samples = [
        make_sample(
            [{"pid": 7, "utime": used * at}], after_s=float(at), exits=make_exits([]),
            host=make_host(
                [cpu_ticks(user=100 * at, idle=9_000)], sees_every_process=sees
            ),
        )
        for at in (0, 1)
    ]  # fmt: skip
    write(tmp_path / "it", frames_of(samples))
    name = "unexplained" if sees else "outside"
    assert f'<li><i class="{style}"></i>{name} ' in page_of(read(tmp_path / "it"))


def test_its_size_is_bounded(tmp_path: Path) -> None:
    name = "<" * 60
    rows = [
        {"pid": 10 + row, "ppid": 9, "comm": f"{row}{name}"[:60], "uid": row}
        for row in range(2_000)
    ]
    samples = [
        make_sample(
            [{**row, "utime": at * (1 + place % 50)} for place, row in enumerate(rows)],
            after_s=float(at), exits=make_exits([]),
        )
        for at in range(2)
    ]  # fmt: skip
    write(tmp_path / "it", frames_of(samples, FakeLookups({10: b"x\0" + b"<" * 9_999})))
    text = page_of(read(tmp_path / "it"))
    assert len(text) < 400_000
    assert "1,960 more" in text
    assert "1,900 more rows are in these sums" in text
