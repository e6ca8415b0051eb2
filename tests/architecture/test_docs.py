"""What the documents say about keys, settings, fields and options is what is so."""

import argparse
import dataclasses
import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
import pytest

from montauk_tui import __version__, config
from montauk_tui.cli import WORDS, parsers
from montauk_tui.collectors import registry
from montauk_tui.collectors.kernel import loader, requirements
from montauk_tui.export import probes
from montauk_tui.export.event_lines import Event
from montauk_tui.export.event_source import Totals
from montauk_tui.export.jsonlines import frame_json
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.sample import CPU_FIELDS, Pressure
from montauk_tui.model.starts import FORK
from montauk_tui.ui import themes
from montauk_tui.ui.app import validate
from montauk_tui.ui.bindings import BINDINGS
from scripts import docs
from scripts.htop_keys import HTOP
from tests.support.builders import FakeLookups, make_frame, make_host, make_sample
from tests.support.starts import fork, make_starts

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
SETTINGS = DOCS / "configuration.md"
THEMES = DOCS / "themes.md"
MAN = DOCS / "montauk.1"

Row = tuple[str, ...]


def section(page: Path, heading: str) -> str:
    """Return what stands below a heading, down to the next as high."""
    text = page.read_text("utf-8")
    found = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    assert found, f"{page.name} has no heading {heading!r}"
    rest = text[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def rows(text: str) -> list[Row]:
    """Return the cells of the tables in a text, without headings."""
    lines = re.findall(r"^\|(.*)\|$", text, re.MULTILINE)
    split = [tuple(map(str.strip, re.split(r"(?<!\\)\|", line))) for line in lines]
    rules = {index for index, row in enumerate(split) if set("".join(row)) == {"-"}}
    return [
        tuple(cell.replace("\\|", "|") for cell in row)
        for index, row in enumerate(split)
        if index not in rules and index + 1 not in rules
    ]


def codes(text: str) -> list[str]:
    """Return what stands in backticks within a line."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*$", "", text, flags=re.MULTILINE))


def first_codes(text: str) -> list[str]:
    return [code for row in rows(text) for code in codes(row[0])]


def toml_blocks(page: Path) -> Iterator[str]:
    for block in re.findall(
        r"^```toml\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    ):
        assert isinstance(block, str)
        yield block


def plain_man() -> str:
    """Return the manual page without the escapes of roff."""
    text = MAN.read_text("utf-8")
    for escape, plain in {
        r"\-": "-", r"\&": "", r"\(ti": "~", r"\(ha": "^", r"\(aq": "'", r"\e": "\\",
    }.items():  # fmt: skip
        text = text.replace(escape, plain)
    return text


# --- what is made -------------------------------------------------------------------


def test_what_is_made_is_up_to_date_and_has_its_place_once() -> None:
    places: list[str] = []
    for page in docs.pages():
        text = page.read_text("utf-8")
        assert docs.made(page, text) == text, f"{page.name}: run make docs"
        places += re.findall(r'(?:<!-- |\.\\" )docs: (.+?)(?: -->)?\n', text)
    assert sorted(places) == sorted(docs.PARTS)


@pytest.mark.parametrize(
    ("page", "line"),
    [
        ("keys.md", "| `F10` `q` | Quit montauk |"),
        ("montauk.1", "Untag all."),
    ],
)
def test_a_document_that_is_old_is_told_and_mended(
    page: str,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    good = next(it for it in docs.pages() if it.name == page).read_text("utf-8")
    assert line in good
    old = tmp_path / page
    old.write_text(good.replace(line, "something else"), "utf-8")
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    monkeypatch.setattr(docs, "pages", lambda: [old])
    assert docs.main(["--check"]) == 1
    assert capsys.readouterr().out == f"{page} is outdated: run make docs\n"
    assert docs.main([]) == 0
    assert old.read_text("utf-8") == good
    assert docs.main(["--check"]) == 0


def test_only_keys_that_exist_are_compared_with_htops() -> None:
    assert set(HTOP) <= {binding.id for binding in BINDINGS}


# --- settings -------------------------------------------------------------------------


def test_the_examples_of_settings_are_good(tmp_path: Path) -> None:
    found = 0
    for page in PAGES:
        for block in toml_blocks(page):
            document = tomllib.loads(block)
            if "surface" in document:
                continue
            file = tmp_path / "config.toml"
            file.write_text(block, "utf-8")
            settings, warnings = config.from_file(file)
            assert (warnings, validate(settings)) == ([], [])
            found += 1
    assert found > 2


# --- themes ---------------------------------------------------------------------------


def test_every_surface_of_a_theme_is_explained_and_the_example_loads(
    tmp_path: Path,
) -> None:
    assert set(themes.SURFACES) <= set(codes(section(THEMES, "Themes")))
    (block,) = [block for block in toml_blocks(THEMES) if "[surface]" in block]
    (tmp_path / "example.toml").write_text(block, "utf-8")
    assert themes.load("example", [tmp_path]).description


# --- JSON -----------------------------------------------------------------------------


def json_document() -> dict[str, Any]:
    """Return an object with everything that can be in one."""
    pressure = dict.fromkeys(("cpu", "memory", "io"), Pressure(0.0, 0.0))
    row: dict[str, int | str | bytes | None] = {"pid": 1}
    before = make_sample([row], host=make_host(pressure=pressure))
    after = make_sample([row], host=make_host(pressure=pressure), after_s=1.0)
    ended = {"pid": np.array([7]), "start_ticks": np.array([1])}
    exits = ExitTable(np.array([b"sh"]), np.array([b"sh\0"]), ended)
    after = dataclasses.replace(after, exits=exits)
    frame = make_frame(before, after, FakeLookups({1: b"init\0"}))
    everyone = np.array([0], dtype=np.int64)
    document = json.loads(frame_json(frame, everyone, everyone))
    assert isinstance(document, dict)
    return document


def test_every_field_of_the_json_is_described_in_its_order() -> None:
    page, document = DOCS / "json.md", json_document()
    assert first_codes(section(page, "The sample")) == list(document)
    for name in ("collector", "host", "counters", "ledger"):
        assert first_codes(section(page, f"`{name}`")) == list(document[name]), name
    process, ended = document["processes"]
    assert first_codes(section(page, "`processes`")) == list(process)
    assert list(process) == list(ended)
    host = section(page, "`host`")
    pressure = document["host"]["pressure"]
    for name in (*CPU_FIELDS, *pressure, *pressure["cpu"]):
        assert f"`{name}`" in host, name


def test_every_field_of_an_event_is_described_in_its_order() -> None:
    starts = make_starts([fork(7, 1)])
    sample = make_sample(exits=ExitTable.empty(), starts=starts)
    line = Event(sample, FORK, 0, 1).json(str)
    table = section(DOCS / "json.md", "Events")
    fields = [*json.loads(line), *Totals.__dataclass_fields__]
    described = first_codes(table)
    assert described[: len(json.loads(line))] == list(json.loads(line))
    assert set(fields) <= set(described)


# --- collectors -----------------------------------------------------------------------


def test_every_collector_is_in_the_guide_and_in_the_manual_page() -> None:
    table = section(DOCS / "usage.md", "Collectors")
    columns_of = codes(table.partition("|---|")[0])
    assert columns_of == registry.names()
    page = plain_man()
    for name in registry.names():
        assert re.search(rf"^\.BR? {name}( ,)?$", page, re.MULTILINE), name


def test_the_needs_of_the_kernel_collector_are_those_that_are_checked() -> None:
    page = (DOCS / "collectors.md").read_text("utf-8")
    needs = page.partition("### What it needs")[2].partition("###")[0]
    host = requirements.Host()
    for path in (host.btf, host.lockdown, host.status, host.uid_map):
        assert f"`{path}`" in needs
    for package in re.findall(r"python\S*-(?:bpfcc|bcc)", loader.NO_BCC[1]):
        assert f"`{package}`" in needs
        assert f"`{package}`" in (ROOT / "README.md").read_text("utf-8")


def test_the_hooks_of_the_kernel_collector_are_in_its_documentation() -> None:
    hooks = section(DOCS / "collectors.md", "Attachment")
    source = (ROOT / "montauk_tui/collectors/kernel/attached.py").read_text("utf-8")
    attached = re.findall(r'_(?:kprobe|tracepoint)\("\w+", "(\w+)"\)', source)
    assert len(set(attached)) == 8
    for name in attached:
        assert name in hooks


def test_the_example_of_the_layout_has_its_titles() -> None:
    example = (
        (DOCS / "collectors.md").read_text("utf-8").partition("layout | head -4\n")
    )
    titles = example[2].splitlines()[0]
    assert tuple(titles.split()) == probes._TITLES  # noqa: SLF001


# --- command line ---------------------------------------------------------------------


def options() -> set[str]:
    return options_of(parsers.parser())


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """Return the options of a parser and of its commands."""
    actions: list[argparse.Action] = parser._actions  # noqa: SLF001
    found = {text for action in actions for text in action.option_strings}
    for action in actions:
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            found.update(*map(options_of, action.choices.values()))
    return found


def probe_commands() -> set[str]:
    (choices,) = [
        action.choices
        for action in parsers.probes_parser()._actions  # noqa: SLF001
        if action.choices is not None
    ]
    return set(choices)


def test_every_command_is_in_the_manual_page_and_no_other_anywhere() -> None:
    page = plain_man().partition("\n.SH COMMANDS\n")[2].partition("\n.SH ")[0]
    described = re.findall(r"^\.B montauk probes (\S+)$", page, re.MULTILINE)
    assert set(described) == probe_commands()
    texts = [plain_man(), *(page.read_text("utf-8") for page in PAGES)]
    for text in texts:
        assert set(re.findall(r"montauk probes ([a-z]+)", text)) <= probe_commands()


def test_no_document_names_an_option_that_does_not_exist() -> None:
    lines = [line for page in PAGES for line in page.read_text("utf-8").splitlines()]
    ours = [line for line in lines if re.match(r"(\$ )?(sudo )?montauk |\| `--", line)]
    named = {
        word for line in ours for word in re.findall(r"(?<=[ `])--?[a-z][a-z-]*", line)
    }
    assert len(named) > 5
    known = options().union(*(options_of(make()) for make in WORDS.values()))
    assert named - {"-c", "-r"} <= known


def test_the_version_in_the_manual_page() -> None:
    assert f'"montauk {__version__}"' in MAN.read_text("utf-8").partition("\n.SH")[0]


def test_the_manual_page_has_no_mistakes() -> None:
    if not which("groff"):
        pytest.skip("groff is not installed; apt-get install groff")
    command = ["groff", "-man", "-ww", "-z", str(MAN)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# --- all pages ------------------------------------------------------------------------


def test_the_readme_names_the_commands_of_the_makefile() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "Tests: `make test`" in readme
    targets = re.findall(
        r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE
    )
    for page in PAGES:
        for target in re.findall(r"(?<=[`\n])make ([a-z-]+)", page.read_text("utf-8")):
            assert target in targets, f"{page.name}: make {target}"


def test_the_readme_is_read_in_a_minute() -> None:
    """What is more than an overview has its page in docs/."""
    assert 120 <= len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere_and_lines_are_short(page: Path) -> None:
    text = page.read_text("utf-8")
    assert [line for line in text.splitlines() if len(line) > 100] == []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if path.startswith("https:"):
            continue
        linked = (page.parent / path) if path else page
        assert linked.is_file(), target
        if linked.suffix in {".png", ".gif"}:
            continue
        headings = re.findall(r"^#+ (.*)$", linked.read_text("utf-8"), re.MULTILINE)
        plain = (re.sub(r"[^\w -]", "", heading.lower()) for heading in headings)
        anchors = {heading.replace(" ", "-") for heading in plain}
        assert not anchor or anchor in anchors, target
