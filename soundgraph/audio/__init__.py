"""Sounds: the value that goes from node to node, functions on samples, and files.

`artifact` has `Audio`, its digest and its file in the cache; `dsp/` functions on samples; `containers/` reads
recordings and spells what stands beside their samples; `formats/` holds the formats in which sounds are delivered, a
file each; `encode` makes the bytes of a delivered file.
"""
