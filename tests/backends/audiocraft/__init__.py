"""The AudioCraft backend, on tiny checkpoints with random weights."""
