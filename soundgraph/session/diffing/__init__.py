"""What differs between two trees of a project: which exports, and why, node by node. Nothing is built.

Every node gets a *recipe*: its action, in which each input stands with its own recipe instead of its sound. So it can
be told without a cache, of both trees alike. An export with an equal recipe and equal settings is an equal file;
whatever differs counts as changed, unless the cache knows the sounds of both, and they are one.

`trees` reads the two, `recipes` finds the recipe of each node, `reasons` says in what they differ, and `comparison`
what that means for each export and manifest.
"""
