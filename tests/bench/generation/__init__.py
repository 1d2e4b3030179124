"""Benchmarks of generating with models, run by hand: `python -m tests.bench.generation --help`."""
