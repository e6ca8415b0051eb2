"""The grammar of queries: what each text means, and where it is wrong."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from montauk_tui.engine.columns.column import Kind
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.query import Query, parse
from montauk_tui.engine.query.fields import FIELDS, MOST_PARENTS, NAMES
from montauk_tui.engine.query.nodes import (
    EVERYTHING,
    And,
    Comparison,
    Node,
    Not,
    Or,
    Words,
)
from montauk_tui.engine.query.values import EXAMPLES, STATES, operators
from montauk_tui.errors import QueryError, UsageError
from montauk_tui.model.schema import Need


def root(text: str) -> Node:
    node = parse(text).root
    assert node is not None
    return node


def one(text: str) -> Comparison:
    node = root(text)
    assert isinstance(node, Comparison)
    return node


def words(*alternatives: str) -> Words:
    return Words(alternatives)


CPU = Comparison("cpu_pct", ">", 1.0)
A, B, C = words("a"), words("b"), words("c")


@pytest.mark.parametrize(
    "text",
    [
        "nginx", "no such command", "-c x", "java -Dfoo=bar", "env LANG=C x", "a&&b",
        "cpu", "user", "cpu mem", "not", "and", "or", "order", "nothing", "android",
        "~/bin", "/usr/bin/python3", "foo(bar)", "don't", 'a"b', "c++", "50%",
        "[kworker", "3", "parent.name", "@reboot", "a -> b", "e=mc2".replace("=", ":"),
    ],
)  # fmt: skip
def test_what_stands_alone_is_a_text_to_look_for(text: str) -> None:
    assert root(text) == words(text.lower())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a|b", words("a", "b")),
        (" a | b  x|c ", words("a", "b  x", "c")),
        ("a||b", Or((A, B))),
        ("|a|", A),
        ("a| |b", Or((A, B))),
        ('"a|b"', words("a|b")),
        ("'A b'|c", words("a b", "c")),
        (r'"say \"x\" \\ \d"', words(r'say "x" \ \d')),
    ],
)
def test_alternatives_are_one_thing_and_blank_ones_are_none(
    text: str, expected: Node
) -> None:
    assert root(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a and b or c", Or((And((A, B)), C))),
        ("a or b and c", Or((A, And((B, C))))),
        ("(a or b) and c", And((Or((A, B)), C))),
        ("a|b and c", And((words("a", "b"), C))),
        ("cpu > 1 | a and b", Or((CPU, And((A, B))))),
        ("a|cpu > 1", Or((A, CPU))),
        ("not a and b", And((Not(A), B))),
        ("not (a and b)", Not(And((A, B)))),
        ("not not a", Not(Not(A))),
        ("a and not", And((A, words("not")))),
        ("not|a", words("not", "a")),
        ("a|not b", Or((A, Not(B)))),
        ("!a && !(b || c)", And((Not(A), Not(Or((B, C)))))),
        ("A AND b Or c", Or((And((A, B)), C))),
        ("cpu>1&&a", And((CPU, A))),
        ("cpu>1|a", Or((CPU, A))),
        ("(cpu>1)", CPU),
        ("((a))", A),
        ("rock and roll", And((words("rock"), words("roll")))),
    ],
)
def test_not_binds_before_and_and_before_or(text: str, expected: Node) -> None:
    assert root(text) == expected


@pytest.mark.parametrize(
    ("text", "field", "operator", "value"),
    [
        ("cpu > 10", "cpu_pct", ">", 10.0),
        ("CPU%>=2.5%", "cpu_pct", ">=", 2.5),
        ("mem >= 1g", "rss_bytes", ">=", 1024.0**3),
        ("res < .5k", "rss_bytes", "<", 512.0),
        ("virt = 3MiB", "virt_bytes", "=", 3 * 1024.0**2),
        ("rss == 7", "rss_bytes", "=", 7.0),
        ("mem% > 3", "mem_pct", ">", 3.0),
        ("age < 2s", "elapsed", "<", 2.0),
        ("life <= 1h30m", "lifetime_s", "<=", 5400.0),
        ("time > 500ms", "cpu_time", ">", 0.5),
        ("TIME+ > 2d", "cpu_time", ">", 172_800.0),
        ("nice < -5", "nice", "<", -5.0),
        ("exit != 0", "exit_status", "!=", 0.0),
        ("exit = SIGKILL", "signal", "=", 9.0),
        ("exit = segv", "signal", "=", 11.0),
        ("signal != kill", "signal", "!=", 9.0),
        ("state = r", "state", "=", "R"),
        ("S = t", "state", "=", "t"),
        ("user = www-data", "user", "=", "www-data"),
        ('name ~ "^python3"', "comm", "~", "^python3"),
        ("command =~ ^(a|b)$", "command", "~", "^(a|b)$"),
        ("args !~ x", "command", "!~", "x"),
        ("start > 14:03", "start", ">", "14:03"),
        ("fork/s > 3", "forks_rate", ">", 3.0),
        ("majflt > 1e3", "majflt", ">", 1000.0),
        ("name = 'and'", "comm", "=", "and"),
    ],
)
def test_comparisons_with_names_and_units(
    text: str, field: str, operator: str, value: float | str
) -> None:
    assert one(text) == Comparison(field, operator, value)


def test_any_field_of_a_parent_and_of_its_parents() -> None:
    assert one("parent.name = make") == Comparison("comm", "=", "make", 1)
    assert one("Parent.parent.CPU > 1") == Comparison("cpu_pct", ">", 1.0, 2)
    with pytest.raises(QueryError):
        parse("parent." * (MOST_PARENTS + 1) + "cpu > 1")


@pytest.mark.parametrize("column", COLUMNS.values(), ids=list(COLUMNS))
def test_every_column_is_a_field_by_id_and_title(column: object) -> None:
    assert getattr(column, "id") in FIELDS  # noqa: B009 - the parameter is an object
    assert getattr(column, "title").lower() in NAMES  # noqa: B009 - likewise


@pytest.mark.parametrize(
    ("text", "column", "length", "said"),
    [
        ("cpu > ", 7, 1, "a value is missing behind >; expected a percentage"),
        ("cpu > ten", 7, 3, "'ten' is not a percentage; expected a percentage"),
        ("mem > 3x and a", 7, 2, "'3x' is not a size; expected a size such as 512k"),
        ("age < 1e999s", 7, 6, "is not a duration"),
        ("pid = 1%", 7, 2, "is not a number"),
        ("state = Q", 9, 1, "is not a state; expected one of R S D Z T t I X"),
        ("start > 25:00", 9, 5, "is not a time of day"),
        ("exit > SIGKILL", 8, 7, "is not an exit code"),
        ("user > 3", 6, 1, "user is a text and has no >; expected =, !=, ~, !~"),
        ("cpu  ~ 3", 6, 1, "cpu is a percentage and has no ~; expected =, !="),
        ("cpuu > 3", 1, 4, "no field is called 'cpuu'; did you mean 'cpu'?"),
        (
            "parent.cpux > 3",
            1,
            11,
            "no field is called 'parent.cpux'; did you mean 'parent.cpu'?",
        ),
        (
            "zzzzzz > 3",
            1,
            6,
            "no field is called 'zzzzzz'; expected cpu, mem, user, name, ...; put",
        ),
        ("a and", 6, 1, "something is missing before the end; expected a text or"),
        ("(a or )", 7, 1, "something is missing before )"),
        ("a && | b", 6, 1, "something is missing before |"),
        ("a cpu > 3", 3, 3, "'cpu' cannot stand here; expected and, or, |"),
        ("cpu > 3 4", 9, 1, "'4' cannot stand here"),
        ("(a", 1, 1, "the bracket is not closed; expected a )"),
        ("(a b (c))", 6, 4, "cannot stand here; expected and, or, | or )"),
        ("a)", 2, 1, "')' cannot stand here"),
        (")", 1, 1, "')' cannot stand here"),
        (">= 3", 1, 2, "nothing before >=; expected a text or a comparison"),
        ("()", 1, 1, "nothing in the brackets"),
        ('a or "b', 6, 1, 'the quote is not closed; expected another "'),
        ('""', 1, 2, "nothing in the quotes"),
        ("name ~ (", 8, 1, "not a regular expression"),
        ("name ~ (a+)+b", 8, 6, "the pattern could take for ever"),
        ("name ~ " + "x" * 201, 8, 201, "the pattern has 201 characters"),
        ("(" * 60 + "a", 52, 1, "brackets and nots go too deep"),
    ],
)
def test_a_mistake_is_told_with_its_place_on_one_line(
    text: str, column: int, length: int, said: str
) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    error = caught.value
    assert isinstance(error, UsageError)
    assert (error.column, error.length) == (column, length)
    assert said in str(error)
    assert str(error).startswith(f"column {column}: ")
    assert "; expected " in str(error) or "; did you mean " in str(error)
    assert str(error).isprintable()


@pytest.mark.parametrize(
    "pattern",
    [
        "(a*)*",
        "(a|a)*b",
        "((ab?)c)+",
        "(?:x+y)+",
        "(a{1,9}){2,}",
        "(a?){30}",
        "a*b*c*d*",
        "a?" * 9,
        "(a|b)" * 9,
    ],
)
def test_patterns_that_could_take_for_ever_are_refused(pattern: str) -> None:
    with pytest.raises(QueryError, match="for ever"):
        parse(f'name ~ "{pattern}"')


@pytest.mark.parametrize(
    "pattern",
    [
        "^python3",
        "a.*b.*c",
        r"\(x+\)*",
        "[(+*)]+",
        "(ab)+",
        "(a|b)c",
        "(x+)?",
        "a|b|c|d|e|f|g|h|i|j",
        "x*?y+?",
        "(?:a)?",
        "[]*]{2}",
    ],
)
def test_usual_patterns_are_taken(pattern: str) -> None:
    assert one(f"name ~ '{pattern}'").value == pattern


def test_what_a_query_needs_of_a_sample() -> None:
    assert parse("cpu > 1 and user = root").needs == Need.NONE
    assert parse("nginx").needs == Need.CMDLINE
    assert parse("not (cpu > 1 or command ~ x)").needs == Need.CMDLINE
    assert parse("parent.shr > 1").needs == Need.SHARED
    assert parse("").needs == Need.NONE


# --- any query ------------------------------------------------------------------------

NUMBERS = st.floats(0, 1e15, allow_nan=False)
VALUES: dict[Kind, st.SearchStrategy[str]] = {
    Kind.CLOCK: st.times().map(lambda time: time.strftime("%H:%M:%S")),
    Kind.STATE: st.sampled_from(STATES),
    Kind.TEXT: st.text(st.characters(exclude_categories=["Cs"])),
}


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    field = draw(st.sampled_from(list(FIELDS.values())))
    operator = draw(st.sampled_from(operators(field)))
    texts = VALUES.get(field.kind)
    value: float | str = draw(NUMBERS) if texts is None else draw(texts)
    if "~" in operator:
        value = draw(st.text(string.ascii_letters + "^$. \"'|"))
    return Comparison(field.id, operator, value, draw(st.integers(0, 3)))


def texts() -> st.SearchStrategy[str]:
    found = st.text(min_size=1).filter(lambda text: bool(text.strip()))
    return found.map(str.lower).filter(lambda text: text == text.lower())


LEAVES = comparisons() | st.lists(texts(), min_size=1, max_size=3).map(
    lambda found: Words(tuple(found))
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        inner.map(Not)
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts)))
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts)))
    ),
    max_leaves=8,
)


@given(TREES)
def test_every_query_is_written_so_that_it_parses_back(node: Node) -> None:
    assert parse(str(Query(node))).root == node


PIECES = st.sampled_from(
    [
        "cpu", "mem", "parent.", "name", "state", "exit", "start", ">", "<=", "=", "!=",
        "~", "!~", "!", "and", "or", "not", "(", ")", "|", "||", "&&", '"', "'", "\\",
        "10", "1g", "2s", "%", "x", "14:03", "(a+)+", "[", " ", "\t", "é", "\ud800",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=25).map("".join) | st.text())
@example("cpu and)\ud800")
def test_no_text_is_a_crash_and_what_is_taken_means_the_same_again(text: str) -> None:
    try:
        query = parse(text)
    except QueryError as error:
        problem = error
    else:
        assert parse(str(query)) == query
        return
    assert 1 <= problem.column <= len(text) + 1
    assert str(problem).isprintable()


@given(st.lists(st.text(string.ascii_lowercase + " -/."), min_size=1, max_size=4))
def test_plain_words_with_bars_mean_what_they_mean_in_htop(parts: list[str]) -> None:
    text = "|".join(f"{part} x" for part in parts)
    query = parse(text)
    if not {"and", "or", "not"} & set(text.replace("|", " ").split()):
        assert query.root == Words(tuple(f"{part} x".strip() for part in parts))


def test_every_kind_has_an_example_of_its_values() -> None:
    assert set(EXAMPLES) == set(Kind)


@pytest.mark.parametrize(
    "text",
    [
        'user = "a\\"b\\\\" and not (cpu_pct > 1.5 or "x"|"y")',
        'parent.parent.uid = 3.0 or not state = "R"',
        "",
    ],
)
def test_the_text_of_a_query_means_the_same(text: str) -> None:
    query = parse(text)
    assert parse(str(query)) == query


def test_both_of_two_queries_is_what_matches_each() -> None:
    one_, other = parse("a"), parse("cpu > 1")
    assert one_.both(other) == parse("a and cpu > 1")
    assert one_.both(EVERYTHING) == EVERYTHING.both(one_) == one_


@pytest.mark.parametrize(
    "text", ["start > 24:00", "start > 12:60", "start > noon", "age > 3x"]
)
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(QueryError):
        parse(text)


def test_an_operator_behind_a_quoted_text_is_refused() -> None:
    with pytest.raises(QueryError, match="column 8: '=' cannot stand here"):
        parse('cpu"x" = a')
