"""The parts of reading a scene, none of which refers back to the reader.

Raw tables, includes, the `elements` shorthand, overrides (-D), nodes, variations, exports, checks, manifests for
engines, and what would be delivered twice. `sources` is what all scenes of a build look at once.
"""
