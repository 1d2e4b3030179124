"""What stands in the files of recordings: chunks, pages, tags, loops and cues, whether all of the sound is there, and
its samples.
"""
