"""The scanner of queries: blanks, signs, words, quoted texts."""

import re
from typing import Final

from montauk_tui.engine.query.fields import find
from montauk_tui.errors import QueryError
from montauk_tui.model.text import clean_text

_BLANKS: Final = re.compile(r"\s*")
_KEYWORD: Final = re.compile(r"(and|or|not)(?![^\s()|\"'])", re.IGNORECASE)
_COMPARISON: Final = re.compile(
    r"([a-z_%][\w.%/+]*)(\s*)(==|=~|!=|!~|<=|>=|=|<|>|~)", re.IGNORECASE | re.ASCII
)
_OPERATOR: Final = re.compile(r"==|=~|!=|!~|<=|>=|=|<|>")
_SAME: Final = {"==": "=", "=~": "~"}
QUOTES: Final = "\"'"


class Scanner:
    """A text and the position in it."""

    def __init__(self, text: str, at: int = 0) -> None:
        """Start at a position, or behind the blanks there."""
        self.text = text
        self.at = at
        self.skip()

    def skip(self) -> None:
        """Skip blanks."""
        match = _BLANKS.match(self.text, self.at)
        self.at = match.end() if match else self.at

    @property
    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.text)

    @property
    def sign(self) -> str:
        """The next character, empty at the end."""
        return self.text[self.at : self.at + 1]

    @property
    def at_operator(self) -> bool:
        """Whether no operand can come next: at the end, or an `|`, `)` or `&&`."""
        return self.at_end or self.sign in "|)" or self.text.startswith("&&", self.at)

    def take(self, sign: str) -> bool:
        """Skip `sign` and the blanks behind it, if it comes next."""
        if not self.text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        self.skip()
        return True

    def keyword(self) -> str:
        """Return the keyword that comes next in lower case, empty for none."""
        match = _KEYWORD.match(self.text, self.at)
        return match[1].lower() if match else ""

    def comparison(self) -> tuple[str, str, str] | None:
        """Return the name, the blanks and the operator that come next."""
        match = _COMPARISON.match(self.text, self.at)
        if match is None:
            return None
        return match[1], match[2], _SAME.get(match[3], match[3])

    def operator(self) -> str:
        """Return the operator that comes next without a field before it."""
        match = _OPERATOR.match(self.text, self.at)
        return match[0] if match else ""

    def take_comparison(self) -> None:
        """Skip name and operator."""
        match = _COMPARISON.match(self.text, self.at)
        self.at = match.end() if match else self.at
        self.skip()

    def quoted(self) -> str:
        r"""Return a quoted text: `\"` is a quote in it and `\\` a backslash.

        Raises:
            QueryError: It has no end.
        """
        start, quote = self.at, self.sign
        parts: list[str] = []
        at = start + 1
        while at < len(self.text):
            sign = self.text[at]
            if sign == quote:
                self.at = at + 1
                self.skip()
                return "".join(parts)
            if sign == "\\" and self.text[at + 1 : at + 2] in (quote, "\\"):
                at += 1
                sign = self.text[at]
            parts.append(sign)
            at += 1
        raise self.error("the quote is not closed", f"another {quote}", start, 1)

    def value(self) -> str:
        """Return the unquoted value of a comparison; brackets in it are balanced."""
        start, depth = self.at, 0
        while not self.at_end and not self.sign.isspace():
            sign = self.sign
            if depth == 0 and self.at_operator:
                break
            depth += (sign == "(") - (sign == ")")
            self.at += 1
        found = self.text[start : self.at]
        self.skip()
        return found

    def phrase(self) -> str:
        """Return words that are searched as typed, with the blanks between them."""
        start = end = self.at
        while True:
            self._word()
            end = self.at
            self.skip()
            if self._ends_phrase():
                break
        return self.text[start:end]

    def _word(self) -> None:
        depth = 0
        while not self.at_end and not self.sign.isspace():
            sign = self.sign
            if sign == "|" or (sign == ")" and depth == 0):
                break
            depth += (sign == "(") - (sign == ")")
            self.at += 1

    def _ends_phrase(self) -> bool:
        if self.at_end or self.sign in "|)(" or self.sign in QUOTES:
            return True
        if self.keyword() in ("and", "or") or self.text.startswith("&&", self.at):
            return True
        if self.operator():
            return True
        comparison = self.comparison()
        if comparison is None:
            return False
        name, blanks, _ = comparison
        # `env LANG=C` is a text.
        return find(name) is not None or bool(blanks)

    def error(
        self,
        problem: str,
        expected: str,
        at: int | None = None,
        length: int = 1,
        remedy: str = "",
    ) -> QueryError:
        """Return a syntax error here, or at `at`.

        A `remedy` stands in place of what was expected.
        """
        column = (self.at if at is None else at) + 1
        line = clean_text(problem)
        return QueryError(column, length, line, remedy or f"expected {expected}")
