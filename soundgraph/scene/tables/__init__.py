"""What a scene may say, and what it is once it has been read.

`scene` has the checked scene with its nodes, exports and origins; `export_settings`, `check_settings` and `presets`
have the tables that a user writes.
"""
