"""A project around its scenes: `soundgraph.toml`, the lock file, targets, what was delivered, whether anything changed,
git.

Importing the package imports none of it: a build with nothing to do takes four of its modules.
"""
