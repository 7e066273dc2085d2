"""The steps about partners: admission, work, money, expenses and invoices."""
