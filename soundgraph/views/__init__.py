"""Plans and sounds as something to look at.

`diagram/` draws a plan: text, Mermaid, DOT, SVG. `sound/` shows a sound: pictures, figures in words, pages to open.
Pure functions: what they show is handed to them, and they return text or bytes.
"""
