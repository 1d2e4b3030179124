"""What every room uses: errors, digests, whole-file writes, locks, TOML with lines, progress, parameters, text.

Imports nothing of soundgraph but itself. Importing the package imports none of it: a build with nothing to do takes two
of its modules.
"""
