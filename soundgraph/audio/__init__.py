"""Sounds: the value that goes from node to node (`artifact`), functions on samples (`dsp/`), what files say beside and
around their samples (`containers/`), and the formats in which sounds are delivered (`formats/`).
"""
