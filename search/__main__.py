"""Make `python -m search` the command line."""

import sys

from search.cli.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
