"""The rules of partners: states, criteria, shares, invoices and reinvestment. Pure."""
