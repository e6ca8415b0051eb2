"""The output of `top -b`, as figures."""

from bench.accuracy.figures import Figures, Truth

SAMPLE = "top - "
"""What every sample of top begins with."""

Stamps = list[tuple[float, float]]


def from_top(text: str, stamps: Stamps, truth: Truth) -> Figures:
    """Return the figures of top's output, each sample with its time and busy time.

    The first sample is about the time before, and the last may be incomplete.
    """
    samples = text.split(SAMPLE)[1:]
    whole = min(len(samples), len(stamps)) - 1
    explained_s = told_s = 0.0
    for index in range(1, whole):
        interval_s = stamps[index][0] - stamps[index - 1][0]
        for percent, name in rows(samples[index]):
            used_s = percent / 100 * interval_s
            explained_s += used_s
            told_s += used_s if name.startswith(truth.mark) else 0.0
    busy_s = stamps[whole - 1][1] - stamps[0][1]
    return Figures(
        busy_s=busy_s, explained_s=explained_s, told_s=told_s, by_rows_s=told_s
    )


def rows(sample: str) -> list[tuple[float, str]]:
    """Return the percentage of one CPU and the name of every process of a sample."""
    found: list[tuple[float, str]] = []
    columns: list[str] = []
    for line in sample.splitlines():
        words = line.split()
        if not columns:
            columns = words if words[:1] == ["PID"] else []
        elif len(words) >= len(columns):
            percent = float(words[columns.index("%CPU")])
            found.append((percent, words[columns.index("COMMAND")]))
    return found
