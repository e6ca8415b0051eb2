"""montauk: a process monitor for the Linux terminal that closes the books."""

__version__ = "0.1.0"
