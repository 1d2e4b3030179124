"""`python -m soundgraph`."""

import os
import sys

# `python -m` looks for modules in the folder that one works in before all others: for numpy, too, of which a project
# may hold its own, and a project may come from a stranger. What comes after this is not looked for there.
try:
    if not sys.flags.safe_path and sys.path[0] == os.getcwd():  # noqa: PTH109
        del sys.path[0]
except (OSError, IndexError):  # somebody removed that folder: then it is not searched, either
    pass

from soundgraph.cli import main

if __name__ == "__main__":
    sys.exit(main())
