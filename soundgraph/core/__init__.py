"""What every room uses, and what uses none of them.

Mistakes and their words (`errors`, `validation_words`), TOML files with lines (`toml_document`, `toml_lines`), tables
that a user writes (`params`), digests (`digest`), files that are replaced as a whole (`files`), locks (`range_locks`),
what a build tells (`events`) and spends time on (`tracing`), other programs (`programs`), what only some systems have
(`system`), what is found by name (`registry`), text for people (`text`, `units`).

Importing the package imports none of it: a build with nothing to do takes a few of its modules.
"""
