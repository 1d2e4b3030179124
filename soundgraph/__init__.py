"""soundgraph: a declarative build system for game audio."""

__version__ = "0.1.0"
