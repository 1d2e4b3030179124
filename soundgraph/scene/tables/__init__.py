"""What a scene is once it has been read, and what its tables may say: settings of exports and checks, presets."""
