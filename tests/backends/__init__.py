"""The generator backends."""
