"""The verbs of the command line, a file each.

Each file holds `add_arguments(parser)` and `run(options) -> int`, and its docstring is what `--help` says of the verb.
`cli.VERBS` lists them.
"""
