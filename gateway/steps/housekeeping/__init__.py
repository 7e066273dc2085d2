"""The steps that keep the database tidy: expired rows, new months, archives."""
