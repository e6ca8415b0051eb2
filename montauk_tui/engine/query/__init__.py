"""The filter: which rows a text asks for.

A word is looked for in the name and in the command line, in any case; `a|b` finds what
holds either, as in htop. `cpu > 10 and user = root` compares: docs/queries.md has the
whole language.
"""

from montauk_tui.engine.query.evaluate import matching
from montauk_tui.engine.query.nodes import EVERYTHING, Query, quoted
from montauk_tui.engine.query.parse import parse

__all__ = ["EVERYTHING", "Query", "matching", "parse", "quoted"]
