"""A project around its scenes.

`config` reads `soundgraph.toml` and `lockfile` `soundgraph.lock`; `targets` finds the scenes asked for, `build_state`
and `up_to_date` tell whether anything changed, `delivered` which files are soundgraph's; the modules called `git_*` ask
git. `open_cache` makes the store that the settings name.

Importing the package imports none of it: a build with nothing to do takes four of its modules.
"""
