"""Sums over many intervals: who used what, by group and by tree of processes."""
