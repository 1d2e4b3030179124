"""Files of sound: reading recordings, and writing what stands beside the samples.

`decode` gives the samples of a recording, or says why it cannot be read: `recording` decides how, from what `chunks`,
`flac`, `mpeg`, `ogg` and `foreign` find in its bytes. `metadata` has the tags, loop and cues of a delivered file, which
`riff`, `vorbis_comments` and `id3` write.
"""
