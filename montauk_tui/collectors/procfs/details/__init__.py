"""One process looked at closely: a small reader for each section."""
