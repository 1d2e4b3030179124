"""Scene files to checked scenes: includes, shorthand, variations, overrides, exports, checks; mistakes with lines."""
