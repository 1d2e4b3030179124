"""The formats in which sounds are delivered."""
