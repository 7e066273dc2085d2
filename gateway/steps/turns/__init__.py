"""The steps that take one inbound event (an SMS, a USSD key, a report) and its effects."""
