"""Entry point of `python -m montauk_tui`."""

import sys

from montauk_tui.cli import main

if __name__ == "__main__":
    sys.exit(main())
