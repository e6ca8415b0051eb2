"""Spark: `python -m tests.engines.spark OUT ANSWERS`."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.engines.asked import ask_all
from tests.engines.page import block


def main(folder: str, answers: str) -> None:
    """Start a cluster of two workers, and ask all questions."""
    spec = find_spec("pyspark")
    assert spec is not None
    assert spec.origin is not None
    quiet = "--conf spark.ui.enabled=false --conf spark.ui.showConsoleProgress=false"
    # Everything on the loopback device.
    os.environ |= {
        "SPARK_HOME": str(Path(spec.origin).parent),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": f"{quiet} pyspark-shell",
    }
    names: dict[str, Any] = {}
    exec(block("Spark", Path(folder)), names)  # noqa: S102 - our own page
    spark = names["spark"]
    try:
        ask_all(lambda sql: [[*row] for row in spark.sql(sql).collect()], Path(answers))
    finally:
        spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
