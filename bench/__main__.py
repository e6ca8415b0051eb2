"""`python -m bench`: runs all benchmarks."""

from bench import churn, ends, kernel, lines, netlink, refresh, responses, start

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
