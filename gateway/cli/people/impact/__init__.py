"""The command `gateway impact`, and the forms of its report: a page, a table and a PDF."""
