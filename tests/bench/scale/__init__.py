"""What soundgraph costs as projects grow, up to 190,000 nodes: `python -m tests.bench.scale --help`."""
