"""Runs a plan: the loop over its nodes, the thread in which takes are made, the models that are loaded, and results on
their way into the cache.
"""
