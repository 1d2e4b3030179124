"""The form of the cache that lies in a folder. `store` puts its parts together, and draws the folder."""
