"""Plans and sounds as something to look at: diagrams of a graph, pictures and figures of a sound, pages to open."""
