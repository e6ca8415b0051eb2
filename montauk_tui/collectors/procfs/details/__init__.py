"""The details of one process: a small reader for each section."""
