"""SMS and USSD aggregators: one file per provider."""
