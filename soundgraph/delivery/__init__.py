"""Results to files: mastered, encoded, checked, licensed, described in sidecars and manifests for game engines.

`export_files` delivers an export and tells which files are outdated, by `mastering`, `run_checks` and `provenance`;
`engine_manifests` does the same for manifests. `licences` says what may be delivered, `ownership` whose a file is that
stands there already.
"""
