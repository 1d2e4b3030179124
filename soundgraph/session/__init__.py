"""What any front end can do with a project: open it, lint, plan, build, pin, compare, fetch weights, forecast. Prints
nothing.
"""
