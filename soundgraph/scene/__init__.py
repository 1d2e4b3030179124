"""Scene files to checked scenes, with every mistake told by file and line.

`loader` reads the scenes of a project, `reader` one scene file; `reading/` holds the parts of that, `tables/` what a
scene may say and what it is once it is read. `editing` changes values in a scene's text, and nothing else in it.
`json_schema` tells editors what a scene may say.
"""
