"""Readers of /proc, and the collector that needs nothing else."""
