"""The history: adding a sample to what is kept of past intervals."""
