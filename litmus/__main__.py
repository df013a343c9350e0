"""`python -m litmus`: the command line."""

import sys

from litmus.cli import main

if __name__ == "__main__":
    sys.exit(main())
