"""A kind, a backend, an engine and a format that soundgraph itself does not have."""
