"""The command line from a checkout: `python cli.py check FILE`."""

import sys

from litmus.cli import main

if __name__ == "__main__":
    sys.exit(main())
