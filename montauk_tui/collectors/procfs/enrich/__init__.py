"""One more fact per process: the cost and the reader of each."""
