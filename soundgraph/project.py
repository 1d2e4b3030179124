"""The project: its root, and what `soundgraph.toml` says."""
