"""What each kind costs, next to sox, ffmpeg and pedalboard doing the same, and whether builds use all processors."""
