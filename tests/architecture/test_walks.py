"""A reader follows the walks in docs/architecture.md by jumping to definitions."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "architecture.md"
WALKS: Final = ("A sample", "A key press")
MOST_DEFINITIONS: Final = 3
NOT_NAMES: Final = frozenset({"k"})
"""Keys that are pressed."""

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def module_names() -> set[str]:
    paths = (ROOT / "montauk_tui").rglob("*.py")
    return {
        part for path in paths for part in path.relative_to(ROOT).with_suffix("").parts
    }


def definitions(sources: Mapping[str, str]) -> dict[str, list[str]]:
    """Return where each name is defined, as `module:line`.

    A method that overrides one of a base class in `sources` is no definition of its
    own: the walk names the base class, and the class whose method runs.
    """
    trees = {module: ast.parse(source) for module, source in sources.items()}
    nodes = [
        (module, node) for module, tree in trees.items() for node in ast.walk(tree)
    ]
    classes = {node.name: node for _, node in nodes if isinstance(node, ast.ClassDef)}
    overriding = {
        id(method)
        for of in classes.values()
        for method in of.body
        if isinstance(method, Definition) and _is_inherited(method.name, of, classes)
    }
    found: dict[str, list[str]] = defaultdict(list)
    for module, node in nodes:
        place = f"{module}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, Definition) and id(node) not in overriding:
            found[node.name].append(place)
        elif isinstance(node, ast.Module):
            for name in _assigned(node):
                found[name].append(module)
    return found


def _is_inherited(
    name: str, of: ast.ClassDef, classes: Mapping[str, ast.ClassDef]
) -> bool:
    bases = [classes[ast.unparse(it)] for it in of.bases if ast.unparse(it) in classes]
    return any(
        name in {getattr(it, "name", "") for it in base.body}
        or _is_inherited(name, base, classes)
        for base in bases
    )


def _assigned(module: ast.Module) -> Iterator[str]:
    for statement in module.body:
        if isinstance(statement, ast.AnnAssign | ast.Assign):
            targets = getattr(statement, "targets", None) or [statement.target]  # type: ignore[union-attr] # of AnnAssign
            yield from (it.id for it in targets if isinstance(it, ast.Name))


def steps(walk: str) -> str:
    return PAGE.read_text("utf-8").partition(f"\n## {walk}\n")[2].partition("\n## ")[0]


@pytest.fixture(scope="module")
def package() -> dict[str, list[str]]:
    paths = sorted((ROOT / "montauk_tui").rglob("*.py"))
    return definitions(
        {str(it.relative_to(ROOT)): it.read_text("utf-8") for it in paths}
    )


@pytest.mark.parametrize("walk", WALKS)
def test_every_name_of_a_walk_has_few_definitions(
    walk: str, package: dict[str, list[str]]
) -> None:
    modules = module_names()
    codes = re.findall(r"`([^`]+)`", steps(walk))
    assert len(codes) > 10
    for code in codes:
        *qualifiers, name = code.partition("(")[0].split(".")
        assert {*qualifiers} <= modules | package.keys(), code
        if name not in NOT_NAMES:
            assert 0 < len(package[name]) <= MOST_DEFINITIONS, (code, package[name])


def test_a_method_counts_once_with_those_that_override_it() -> None:
    source = """
class Base:
    def sample(self): ...
class First(Base):
    def sample(self): ...
class Second(First):
    def sample(self): ...
class Other:
    def sample(self): ...
def sample(): ...
"""
    assert sorted(definitions({"m": source})["sample"]) == ["m:10", "m:3", "m:9"]
