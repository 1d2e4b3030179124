"""Results to files: mastered, encoded, checked, licensed, described in sidecars and manifests for game engines.

Also whose a file is that stands there already.
"""
