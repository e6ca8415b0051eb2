"""The parser of queries.

    query      = [any]
    any        = all { ("or" | "|" | "||") all }
    all        = one { ("and" | "&&") one }
    one        = ("not" | "!") one | "(" any ")" | comparison | words
    comparison = { "parent." } field operator value
    words      = text { "|" text }

A word without an operator is a text; `a|b` binds tighter than `and`, as in htop. A `|`
without a text on one side is ignored.
"""

from typing import Final

from montauk_tui.engine.query import values
from montauk_tui.engine.query.fields import NAMES, PARENT, find
from montauk_tui.engine.query.nodes import And, Comparison, Node, Not, Or, Query, Words
from montauk_tui.engine.query.scan import QUOTES, Scanner
from montauk_tui.errors import did_you_mean
from montauk_tui.model.text import quoted

_DEEPEST: Final = 50
_OPERAND: Final = "a text or a comparison such as cpu > 10"
_FIELD: Final = "cpu, mem, user, name, ...; put quotes around a text with such signs"
_BETWEEN: Final = "and, or, | or the end; put quotes around a text with such signs"


def parse(text: str) -> Query:
    """Return the filter that `text` means.

    Raises:
        QueryError: A syntax error; has the position and what was expected.
    """
    scanner = Scanner(text)
    root = _any(scanner, 0)
    if not scanner.at_end:
        problem = f"{_next(scanner)!r} cannot stand here"
        raise scanner.error(problem, _BETWEEN, length=len(_next(scanner)))
    return Query(root)


def _any(scanner: Scanner, depth: int) -> Node | None:
    parts: list[Node] = []
    while True:
        while scanner.take("|"):
            pass
        if scanner.at_end or scanner.sign == ")":
            break
        parts.append(_all(scanner, depth))
        if scanner.keyword() == "or":
            scanner.take(scanner.text[scanner.at : scanner.at + 2])
            _expect_operand(scanner)
        elif scanner.sign != "|":
            break
    if len(parts) > 1:
        return Or(tuple(parts))
    return parts[0] if parts else None


def _all(scanner: Scanner, depth: int) -> Node:
    parts = [_one(scanner, depth)]
    while True:
        if scanner.keyword() == "and":
            scanner.take(scanner.text[scanner.at : scanner.at + 3])
        elif not scanner.take("&&"):
            break
        _expect_operand(scanner)
        parts.append(_one(scanner, depth))
    return And(tuple(parts)) if len(parts) > 1 else parts[0]


def _expect_operand(scanner: Scanner) -> None:
    if scanner.at_operator:
        what = _next(scanner)
        problem = f"something is missing before {what or 'the end'}"
        raise scanner.error(problem, _OPERAND, length=len(what))


def _one(scanner: Scanner, depth: int) -> Node:
    if depth > _DEEPEST:
        raise scanner.error("brackets and nots go too deep", f"at most {_DEEPEST}")
    if _is_not(scanner):
        scanner.take(scanner.text[scanner.at : scanner.at + 3])
        return Not(_one(scanner, depth + 1))
    if not scanner.operator() and scanner.take("!"):
        _expect_operand(scanner)
        return Not(_one(scanner, depth + 1))
    if scanner.sign == "(":
        return _group(scanner, depth)
    if scanner.comparison() is not None:
        return _comparison(scanner)
    return _words(scanner)


def _is_not(scanner: Scanner) -> bool:
    """Tell whether a `not` comes next that has an operand."""
    if scanner.keyword() != "not":
        return False
    rest = Scanner(scanner.text, scanner.at + 3)
    return not rest.at_operator and rest.keyword() not in ("and", "or")


def _group(scanner: Scanner, depth: int) -> Node:
    start = scanner.at
    scanner.take("(")
    inner = _any(scanner, depth + 1)
    if inner is None:
        raise scanner.error("nothing in the brackets", _OPERAND, start, 1)
    if scanner.at_end:
        raise scanner.error("the bracket is not closed", "a )", start, 1)
    if not scanner.take(")"):
        problem = f"{_next(scanner)!r} cannot stand here"
        raise scanner.error(problem, "and, or, | or )", length=len(_next(scanner)))
    return inner


def _comparison(scanner: Scanner) -> Comparison:
    name, _, operator = scanner.comparison() or ("", "", "")
    found, start = find(name), scanner.at
    if found is None:
        problem = f"no field is called {quoted(name)}"
        raise scanner.error(problem, _FIELD, start, len(name), _meant(name))
    field, parents = found
    scanner.take_comparison()
    offered = values.operators(field)
    if operator not in offered:
        at = scanner.text.index(operator[0], start + len(name))
        problem = f"{name} is {field.kind.value} and has no {operator}"
        raise scanner.error(problem, ", ".join(offered), at, len(operator))
    at = scanner.at
    is_quoted = not scanner.at_end and scanner.sign in QUOTES
    text = scanner.quoted() if is_quoted else scanner.value()
    length = max(1, len(scanner.text[at : scanner.at].rstrip()))
    if not text and not is_quoted:
        problem = f"a value is missing behind {operator}"
        raise scanner.error(problem, values.EXAMPLES[field.kind], at, 1)
    try:
        field_id, value = values.read(field, operator, text)
    except values.BadValue as bad:
        raise scanner.error(bad.problem, bad.remedy, at, length) from bad
    return Comparison(field_id, operator, value, parents)


def _meant(name: str) -> str:
    prefix = PARENT if name.lower().startswith(PARENT) else ""
    return did_you_mean(name, [f"{prefix}{field}" for field in NAMES])


def _words(scanner: Scanner) -> Words:
    alternatives = [_text(scanner)]
    while scanner.sign == "|" and _text_follows(scanner):
        scanner.take("|")
        alternatives.append(_text(scanner))
    return Words(tuple(alternatives))


def _text(scanner: Scanner) -> str:
    start = scanner.at
    if scanner.sign in QUOTES:
        text = scanner.quoted()
        if not text.strip():
            raise scanner.error("nothing in the quotes", "a text", start, 2)
        return text.lower()
    if operator := scanner.operator():
        problem = f"nothing before {operator}"
        raise scanner.error(problem, _OPERAND, start, len(operator))
    return scanner.phrase().lower()


def _text_follows(scanner: Scanner) -> bool:
    """Tell whether a text follows the `|` that comes next."""
    rest = Scanner(scanner.text, scanner.at + 1)
    if rest.at_end or rest.sign in "|()!" or rest.operator() or _is_not(rest):
        return False
    return rest.comparison() is None


def _next(scanner: Scanner) -> str:
    """Return what comes next, up to a blank."""
    return (scanner.text[scanner.at :].split() or [""])[0]
