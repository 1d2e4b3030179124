"""Sounds that are told by what they are made of: tables of building blocks, in modules by theme.

`blocks` holds strokes, air and tones, `bodies` what is struck, rubbed or has a throat, `recipe` puts them in time.
"""
