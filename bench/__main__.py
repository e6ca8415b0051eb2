"""`python -m bench`: runs all benchmarks."""

from bench import (
    churn,
    ends,
    kernel,
    lines,
    metrics,
    netlink,
    refresh,
    responses,
    start,
)

if __name__ == "__main__":
    refresh.main()
    print()
    responses.main()
    print()
    churn.main()
    print()
    start.main()
    print()
    kernel.main()
    print()
    ends.main()
    print()
    netlink.main()
    print()
    lines.main()
    print()
    metrics.main()
