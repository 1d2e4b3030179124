"""Results by content: what a build asks of a cache (`store`), the form in a folder (`disk/`) and one that keeps nothing
(`unkept`); collection, repair and transport of what lies in a folder.
"""
