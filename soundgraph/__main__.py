"""`python -m soundgraph`."""

import sys

from soundgraph.cli import main

if __name__ == "__main__":
    sys.exit(main())
