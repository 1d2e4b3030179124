"""What a build would do, without doing it: nothing here writes a file or loads a model.

`scene_graph` is the graph of all nodes, `action` what each node's key is made of, `planner.plan` decides hit, miss or
maybe, with `pins` for takes that are settled. `schedule` puts model loads in order, by `load_order/`. `explaining` says
why a node would run.
"""
