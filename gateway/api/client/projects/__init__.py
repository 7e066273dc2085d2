"""The client's routes for projects and recipes, with the models of their requests and responses."""
