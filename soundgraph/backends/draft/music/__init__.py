"""Music: what a prompt asks for (`score`), how instruments sound (`instruments`), who plays what (`perform`)."""
