"""Sounds to look at: pictures, pages and words, made from sounds and facts alone.

Pure functions to bytes or text; the same sound and facts give the same. Pillow is imported when a picture is drawn.
"""
