"""The syntax tree of a filter; its text is an equivalent filter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from montauk_tui.engine.query.fields import FIELDS
from montauk_tui.model.schema import Need


@dataclass(frozen=True, slots=True)
class Words:
    """Texts of which one must occur in the command line or the name."""

    alternatives: tuple[str, ...]
    """In lower case."""

    def __str__(self) -> str:
        """Return a text that means this."""
        return "|".join(map(quoted, self.alternatives))


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field of a process, or of an ancestor, beside a value."""

    field: str
    """The id in `FIELDS`."""
    operator: str
    """One of = != < <= > >= ~ !~."""
    value: float | str
    parents: int = 0
    """How many steps up: 0 is the process itself."""

    def __str__(self) -> str:
        """Return a text that means this."""
        value = quoted(self.value) if isinstance(self.value, str) else repr(self.value)
        return f"{'parent.' * self.parents}{self.field} {self.operator} {value}"


@dataclass(frozen=True, slots=True)
class Not:
    """The rows that do not match another part."""

    inner: "Node"

    def __str__(self) -> str:
        """Return a text that means this."""
        return f"not {_enclosed(self.inner)}"


@dataclass(frozen=True, slots=True)
class And:
    """The rows that match all of several parts."""

    parts: tuple["Node", ...]

    def __str__(self) -> str:
        """Return a text that means this."""
        return " and ".join(map(_enclosed, self.parts))


@dataclass(frozen=True, slots=True)
class Or:
    """The rows that match at least one of several parts."""

    parts: tuple["Node", ...]

    def __str__(self) -> str:
        """Return a text that means this."""
        return " or ".join(map(_enclosed, self.parts))


Node = Words | Comparison | Not | And | Or


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed filter; the empty one matches everything."""

    root: Node | None = None

    def __bool__(self) -> bool:
        """Tell whether it filters at all."""
        return self.root is not None

    def __str__(self) -> str:
        """Return a text that means this."""
        return "" if self.root is None else str(self.root)

    def both(self, other: "Query") -> "Query":
        """Return the conjunction of this and another filter."""
        if self.root is None or other.root is None:
            return self if other.root is None else other
        return Query(And((self.root, other.root)))

    @property
    def needs(self) -> Need:
        """What a sample must hold to answer it."""
        return Need.union(
            FIELDS[leaf.field].need if isinstance(leaf, Comparison) else Need.CMDLINE
            for leaf in leaves(self.root)
        )


EVERYTHING: Final = Query()


def of_pids(pids: Sequence[int], field: str = "pid") -> Query:
    """Return the filter for any of some PIDs; for none it matches everything."""
    parts = tuple(Comparison(field, "=", float(pid)) for pid in pids)
    return Query(Or(parts) if len(parts) > 1 else parts[0]) if parts else EVERYTHING


def quoted(text: str) -> str:
    """Return a text as written in a query."""
    inner = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"'


def leaves(node: Node | None) -> Iterator[Words | Comparison]:
    """Yield the words and comparisons of a query."""
    match node:
        case Words() | Comparison():
            yield node
        case Not(inner=inner):
            yield from leaves(inner)
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from leaves(part)


def _enclosed(node: Node) -> str:
    return f"({node})" if isinstance(node, And | Or) else str(node)
