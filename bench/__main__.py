"""`python -m bench`: refreshes, waiting, churn, collectors of events, the peers."""

from bench import churn, kernel, netlink, peers, refresh, responses

if __name__ == "__main__":
    refresh.main()
    print()
    responses.main()
    print()
    churn.main()
    print()
    kernel.main()
    print()
    netlink.main()
    print()
    peers.main()
