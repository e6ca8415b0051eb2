"""`python -m bench`: what a refresh costs, how long a person waits, and the peers."""

from bench import peers, refresh, responses

if __name__ == "__main__":
    refresh.main()
    print()
    responses.main()
    print()
    peers.main()
