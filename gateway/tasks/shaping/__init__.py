"""The common parts of the shapes in `gateway.tasks.shapes`: rows, layouts, and exported tasks."""
