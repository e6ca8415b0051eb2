"""montauk: a process monitor for the Linux terminal."""

import os

__version__ = "0.1.0"

# numpy's BLAS starts a thread per CPU when it is imported; nothing here uses BLAS.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
