"""Benchmarks against other build systems, run by hand: `python -m tests.bench --help`."""
