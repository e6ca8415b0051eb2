r"""Generates parts of the documents from tables of the program: `make docs`.

A generated part is between a line that names it and an end line, in
Markdown `<!-- docs: keys -->` and `<!-- end -->`, in the manual page `.\" docs: keys`
and `.\" end`. With `--check` nothing is written: it fails if a document is outdated.
"""

import json
import re
import sys
import textwrap
import typing
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, Final

from montauk_tui.cli import (
    exporter_parsers,
    fleet_parsers,
    parsers,
    recording_parsers,
)
from montauk_tui.config.option import Option
from montauk_tui.config.options import IN_FILE, OPTIONS, TAB_OPTIONS, TABLES
from montauk_tui.engine import meters
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.query import fields
from montauk_tui.export.metrics import names as metric_names
from montauk_tui.export.more_lists import LISTS
from montauk_tui.export.otlp import names as otlp_names
from montauk_tui.export.processes import FIELDS
from montauk_tui.ui import themes
from montauk_tui.ui.bindings import BINDINGS, OTHER_KEYS, SECTIONS
from montauk_tui.ui.bindings import key_names as names_of
from scripts import completions, fleet_docs
from scripts.htop_keys import HTOP, SAME
from scripts.manual import (
    THEMES,
    about,
    in_section,
    man_keys,
    man_meters,
    man_options,
    man_settings,
    man_synopsis,
    man_themes,
)

ROOT: Final = Path(__file__).parents[1]
MAN: Final = ROOT / "docs" / "montauk.1"

_PARTS: Final = {
    ".md": re.compile(r"(<!-- docs: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL),
    ".1": re.compile(r'(\.\\" docs: (.+?)\n).*?(\.\\" end)', re.DOTALL),
}

_WIDEST: Final = 88
"""Characters of a line of TOML, as of the code."""

_WIDEST_LINE: Final = 100
"""Characters of a line of a document."""

Cells = Sequence[str]


# --- Markdown -------------------------------------------------------------------------


def table(heading: Cells, rows: Iterable[Cells]) -> str:
    """Return a table of Markdown."""
    lines = ["| " + " | ".join(heading) + " |", "|" + "---|" * len(heading)]
    for row in rows:
        cells = (re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in row)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def code(text: str) -> str:
    """Return text as code."""
    return f"`{text}`"


def codes(names: Iterable[str], between: str = " ") -> str:
    """Return names as code, one after the other."""
    return between.join(map(code, names))


def keys() -> str:
    """Return the table of all keys."""
    rows: list[Cells] = []
    for section, heading in SECTIONS.items():
        rows.append((f"**{heading}**", ""))
        rows += [(codes(names_of(one)), one.tooltip) for one in in_section(section)]
        rows += OTHER_KEYS.get(section, ())
    return table(("Keys", "Action"), rows)


def htop_same() -> str:
    """Return the keys that are the same in htop."""
    same = [one for one in BINDINGS if HTOP.get(one.id or "") == SAME]
    rows: list[Cells] = [(codes(names_of(one)), one.tooltip) for one in same]
    for others in OTHER_KEYS.values():
        rows += others
    return table(("Keys", "Action"), rows)


def htop_different() -> str:
    """Return the keys that differ from htop's."""
    rows: list[Cells] = []
    for one in BINDINGS:
        htop = HTOP.get(one.id or "", "")
        if htop != SAME:
            names = codes(names_of(one))
            fits = len(f"| {names} | {one.tooltip} | {htop} |") <= _WIDEST_LINE
            rows.append((names, one.tooltip if fits else one.description, htop))
    return table(("Keys", "montauk", "htop"), rows)


def type_name(kind: Any) -> str:
    """Return a readable type of a setting."""
    if isinstance(kind, UnionType):
        kind = next(it for it in typing.get_args(kind) if it is not type(None))
    names = {bool: "true or false", float: "number or text", str: "text"}
    return names.get(kind, "list of text")


def default_of(option: Option) -> str:
    """Return a default as TOML."""
    if option.default is None:
        return "none"
    if option.default and isinstance(option.default, tuple):
        return "see below"
    return code(json.dumps(option.default))


def settings() -> str:
    """Return every key of the settings file."""
    rows = [
        (code(it.id), type_name(it.type), default_of(it), about(it)) for it in IN_FILE
    ]
    rows += [(code(name), "table", "none", what) for name, what in TABLES.items()]
    return table(("key", "type", "default", "meaning"), rows)


def tab_settings() -> str:
    """Return every key of a tab."""
    rows = [(code("name"), "text", "tab name, case-insensitive")]
    rows += [
        (code(it.id), type_name(it.type), about(it)) for it in TAB_OPTIONS.values()
    ]
    return table(("key", "type", "meaning"), rows)


def usual_list(option_id: str) -> Callable[[], str]:
    """Return a function that writes the default of a list setting."""

    def toml() -> str:
        entries = next(it for it in OPTIONS if it.id == option_id).default
        whole = f"{option_id} = {json.dumps(entries)}"
        if len(whole) <= _WIDEST:
            return f"```toml\n{whole}\n```"
        lines, line = [], "   "
        for text in (f' "{entry}",' for entry in entries):
            if len(line + text) > _WIDEST:
                lines.append(line)
                line = "   "
            line += text
        return "\n".join(["```toml", f"{option_id} = [", *lines, line, "]", "```"])

    return toml


def columns() -> str:
    """Return every column."""
    rows = [(code(it.id), it.title, it.description) for it in COLUMNS.values()]
    return table(("column", "title", "meaning"), rows)


def column_costs() -> str:
    """Return the columns with a cost beyond the sample, or a privilege."""
    expensive = [it for it in COLUMNS.values() if it.cost or it.privilege]
    return table(
        ("column", "cost", "privilege"),
        [(code(it.id), it.cost, it.privilege) for it in expensive],
    )


def meter_table() -> str:
    """Return every meter."""
    rows = [
        (code(it.id), it.title, it.description, codes(it.styles, ", "))
        for it in meters.METERS.values()
    ]
    return table(("meter", "title", "meaning", "styles"), rows)


def meter_styles() -> str:
    """Return the styles of meters."""
    rows = [(code(style), look) for style, look in meters.STYLES.items()]
    return table(("style", "look"), rows)


def query_fields() -> str:
    """Return the short names of query fields."""
    short: dict[str, list[str]] = {}
    for name, field in fields.SHORT.items():
        short.setdefault(field, []).append(name)
    what = {it.id: it.description for it in COLUMNS.values()}
    what["signal"] = "signal that terminated it, 0 for none"
    what["error"] = "error of an exec that failed, as ENOENT"
    what["killed"] = "how it was killed, in one word"
    what["killer"] = "name of the process that killed it"
    rows = [
        (codes(short[field]), what[field], fields.FIELDS[field].kind.value)
        for field in fields.FIELDS
        if field in short
    ]
    return table(("field", "meaning", "compared with"), rows)


def json_processes() -> str:
    """Return the fields of a process in the output of `--json`."""
    rows = [
        (code(it.name), it.unit, it.meaning, it.null_live, it.null_exited)
        for it in FIELDS
    ]
    heading = ("field", "type, unit", "meaning", "null: alive", "null: exited")
    return table(heading, rows)


def json_list(name: str) -> Callable[[], str]:
    """Return a function that writes the fields of a further list of `--json`."""

    def lines() -> str:
        rows = [
            (code(it.name), it.unit, it.meaning, it.null) for it in LISTS[name].fields
        ]
        return table(("field", "type, unit", "meaning", "null when"), rows)

    return lines


def metrics(found: Sequence[metric_names.Metric]) -> Callable[[], str]:
    """Return a function that writes metrics."""

    def lines() -> str:
        return "\n".join(
            item(f"{code(it.sample)} ({it.type}{_labels(it)}): {it.help}")
            for it in found
        )

    return lines


def attributes(found: Sequence[otlp_names.Attribute]) -> Callable[[], str]:
    """Return a function that writes attributes of log records."""

    def lines() -> str:
        rows = [(code(it.name), it.type, it.meaning) for it in found]
        return table(("attribute", "type", "meaning"), rows)

    return lines


def item(text: str) -> str:
    """Return an item of a list, in lines of limited length."""
    return textwrap.fill(
        f"- {text}", _WIDEST_LINE, subsequent_indent="  ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _labels(metric: metric_names.Metric) -> str:
    """Return the labels of a metric, with their values where they are known."""
    values = zip(*metric.values, strict=True) if metric.of else ()
    known = dict(zip(metric.labels, values, strict=False))
    return "".join(
        f", {code(name)}" + (f": {' '.join(known[name])}" if name in known else "")
        for name in metric.labels
    )


def theme_table() -> str:
    """Return every built-in theme."""
    rows = [
        (code(name), themes.load(name, [THEMES]).description)
        for name in themes.names([THEMES])
    ]
    return table(("theme", "meaning"), rows)


def theme_roles() -> str:
    """Return the roles of a theme."""
    rows = [(code(role), what) for role, what in themes.ROLES.items()]
    return table(("role", "used for"), rows)


PARTS: Final[dict[str, Callable[[], str]]] = {
    "keys": keys,
    "keys as in htop": htop_same,
    "keys not as in htop": htop_different,
    "settings": settings,
    "settings of tabs": tab_settings,
    "usual columns": usual_list("columns"),
    "usual meters": usual_list("meters"),
    "columns": columns,
    "costs of columns": column_costs,
    "meters": meter_table,
    "styles of meters": meter_styles,
    "fields of queries": query_fields,
    "fields of processes": json_processes,
    **{f"fields of {name}": json_list(name) for name in LISTS},
    "metrics of groups": metrics(metric_names.GROUPS),
    "metrics of the machine": metrics((*metric_names.MACHINE, metric_names.INFO)),
    "attributes of processes": attributes(otlp_names.PROCESS),
    "attributes of exits": attributes(otlp_names.EXIT),
    "attributes of losses": attributes(otlp_names.LOST),
    "attributes of the resource": attributes(otlp_names.RESOURCE),
    "questions": fleet_docs.questions,
    "tables of exports": fleet_docs.tables,
    "themes": theme_table,
    "roles": theme_roles,
    **{f"man keys {section}": man_keys(section) for section in SECTIONS},
    "man synopsis": man_synopsis,
    "man options": man_options(parsers.parser),
    "man options of events": man_options(parsers.events_parser),
    "man options of exporter": man_options(exporter_parsers.exporter_parser),
    "man options of record": man_options(recording_parsers.record_parser),
    "man options of report": man_options(recording_parsers.report_parser),
    "man options of export": man_options(fleet_parsers.export_parser),
    "man options of query": man_options(fleet_parsers.query_parser),
    "man settings": man_settings,
    "man meters": man_meters,
    "man themes": man_themes,
}
"""Generators by the name of the part."""


def made(path: Path, text: str) -> str:
    """Return the text of a document with its generated parts updated."""
    return _PARTS[path.suffix].sub(
        lambda found: f"{found[1]}{PARTS[found[2]]()}\n{found[3]}", text
    )


def pages() -> list[Path]:
    """Return the documents that may have generated parts."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), MAN]


def outputs() -> Iterable[tuple[Path, str, str]]:
    """Yield each file, its text, and the text it should have."""
    for page in pages():
        before = page.read_text("utf-8")
        yield page, before, made(page, before)
    for shell, path in completions.FILES.items():
        before = path.read_text("utf-8") if path.exists() else ""
        yield path, before, completions.completion(shell)


def main(arguments: Sequence[str]) -> int:
    """Write the documents and completions, or report the outdated ones."""
    status = 0
    for page, before, now in outputs():
        if now == before:
            continue
        if "--check" in arguments:
            print(f"{page.relative_to(ROOT)} is outdated: run make docs")
            status = 1
        else:
            page.write_text(now, "utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
