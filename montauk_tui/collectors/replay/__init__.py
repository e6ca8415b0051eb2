"""Recordings of what collectors sampled, and the collector that plays them back."""
