"""The parts of reading a scene: shorthand, overrides, variations, checks and manifests, what is delivered twice."""
