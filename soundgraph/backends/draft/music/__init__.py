"""Music: what a prompt asks for (`score`), how the instruments sound (`instruments`), and who plays what (`perform`)."""
