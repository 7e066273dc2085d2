"""What a worker says and hears: one SMS or one USSD key in, facts and a reply out. Pure."""
