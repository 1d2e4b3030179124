"""Python scripts: scenes that are made in Python, `plan` and `build`, and a pipeline that runs step by step."""
