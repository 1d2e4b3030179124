"""What a build would do, without doing it: the graph of nodes, their actions and keys, hit, miss or maybe, the order of
model loads, pins, and why a node would run.
"""
