"""The conversation: it takes one SMS or one USSD key and returns facts and a reply. Pure."""
