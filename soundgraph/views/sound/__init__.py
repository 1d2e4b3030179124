"""Sounds to look at, made from sounds and facts alone.

`pictures` draws a PNG, `text` tells figures in words, `page` and `report` make pages with a player; `marks` reads loops
and cues, `media` makes what a page plays.

Pure functions to bytes or text; the same sound and facts give the same. Pillow is imported when a picture is drawn.
"""
