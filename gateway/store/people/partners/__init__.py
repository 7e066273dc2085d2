"""The rows of partners: states, criteria, expenses, invoices and corrections."""
