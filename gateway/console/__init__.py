"""The web pages, one file per page in `pages/`, with their templates and static files."""
