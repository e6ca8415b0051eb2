"""From collectors to frames: the chain of collectors, the fold, and the thread."""
