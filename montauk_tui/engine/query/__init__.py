"""The filter language.

A word is searched in the name and in the command line, ignoring case; `a|b` matches
either, as in htop. `cpu > 10 and user = root` compares: docs/queries.md has the
whole language.
"""

from montauk_tui.engine.query.evaluate import matching
from montauk_tui.engine.query.nodes import EVERYTHING, Query, of_pids, quoted
from montauk_tui.engine.query.parse import parse

__all__ = ["EVERYTHING", "Query", "matching", "of_pids", "parse", "quoted"]
