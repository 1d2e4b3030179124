"""Functions on samples: filters, dynamics, loudness, loops, noise, resampling, a subject each.

They take and give numpy arrays shaped (channels, n), or `Audio`; they read no files and know no nodes. Equal samples
give equal results, bit for bit, however many threads the machine has.
"""
