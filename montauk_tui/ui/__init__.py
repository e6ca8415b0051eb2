"""The screen: the only place that imports Textual and rich."""

import sys

if "asyncio" not in sys.modules:
    # asyncio works without it. To import it takes 2 MiB, and nothing here encrypts.
    sys.modules["ssl"] = None  # type: ignore[assignment]
    import asyncio  # noqa: F401

    del sys.modules["ssl"]
