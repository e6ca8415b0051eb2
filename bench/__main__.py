"""`python -m bench`: refreshes, waiting, the kernel collector, the peers."""

from bench import kernel, peers, refresh, responses

if __name__ == "__main__":
    refresh.main()
    print()
    responses.main()
    print()
    kernel.main()
    print()
    peers.main()
