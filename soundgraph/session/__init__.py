"""What any front end can do with a project. Prints nothing.

`building` is the one way to build. `opening` gives a `Session` over scenes that were read and checked, to be asked for
plans and reasons; `refusals` are what keeps a build from running. `lint` warns, `pinning` decides which takes count,
`diffing` compares with a git revision, `forecasting` says how long a build will take by what `history` keeps,
`fetch_weights` fetches models, `scene_edits` changes scene files, `gc_roots` says what a cache must keep.
"""
