"""The shapes of files that other services write, one file per shape. The file's name is the shape.

A file declares what `gateway.tasks.shaping.port` describes: how the shape is recognised, which of
its columns are the fields of a task, and how results are written in it.
"""
