"""Sixty processes, each busier than the next."""

from typing import Any, Final

from tests.support.builders import make_sample
from tests.support.replay import ReplayCollector

COUNT: Final = 60


def crowd(
    after_s: float, *, without: int | None = None, busiest: int = 100
) -> dict[str, Any]:
    """Return a sample of pids 100 to 159, `busiest` first and then in their order."""
    rows = []
    for pid in range(100, 100 + COUNT):
        share = 99 if pid == busiest else (159 - pid) % COUNT
        rows.append({"pid": pid, "utime": int(share * after_s) + 10, "comm": f"p{pid}"})
    return {"rows": [row for row in rows if row["pid"] != without], "after_s": after_s}


def replay(*later: dict[str, Any]) -> ReplayCollector:
    """Return a collector of the crowd, going on with other samples."""
    samples = [crowd(0.0), crowd(1.0), *later]
    return ReplayCollector([make_sample(**sample) for sample in samples])
